import Torch

/// Which samples have copies among the other samples.
///
/// Copies are similar in every view: each view of sample i must be as close to each view of sample j as positives are,
/// `m(i, j) = min(<z1_i, z2_j>, <z2_i, z1_j>, <z1_i, z1_j>, <z2_i, z2_j>)`. A copy must also be an exception: if many
/// samples are as close as the most distant positives, closeness does not show copies.
public struct Twins {
    /// For each of at most 1024 anchors, 1 if it has a twin, otherwise 0.
    public let anchors: [Double]

    /// Searches for twins.
    /// - Parameters:
    ///   - views: the embeddings.
    ///   - near: the smallest cosine of a twin; the positives' lower quartile.
    ///   - wide: the cosine that only a few samples may exceed; the positives' second percentile.
    public init(_ views: UnitViews, near: Double, wide: Double) throws(TorchError) {
        let count = views.count
        let length = min(count, 1024)
        let few = max(3, 0.005 * Double(count))
        let indices = try Tensor.arange(count)
        let isSelf = try indices.reshape([1, count]).eq(
            indices.narrow(dim: 0, start: 0, length: length).reshape([length, 1]))
        let all = [views.first, views.second]
        var nearest: Tensor?
        for anchors in all {
            let anchors = try anchors.narrow(dim: 0, start: 0, length: length)
            for others in all {
                let cosines = try anchors.matmul(others.transpose(0, 1))
                nearest =
                    try nearest.map { smaller throws(TorchError) in
                        try Tensor.where(cosines.gt(smaller), smaller, cosines)
                    } ?? cosines
            }
        }
        guard let similarity = try nearest?.maskedFill(isSelf, -2) else {
            anchors = []
            return
        }
        func above(_ threshold: Double) throws(TorchError) -> [Double] {
            try similarity.gt(Tensor.full([1, 1], threshold, dtype: .float64)).to(.float64).sum(dim: 1).toArray()
        }
        anchors = zip(try above(near), try above(wide)).map { $0 > 0 && $1 <= few ? 1 : 0 }
    }
}
