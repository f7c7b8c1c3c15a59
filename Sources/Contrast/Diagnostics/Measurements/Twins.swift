import Torch

/// Which samples have copies among the others.
///
/// Copies look alike in every view: of samples i and j, each view of one must be as near to each view of the other as
/// positives are, `m(i, j) = min(<z1_i, z2_j>, <z2_i, z1_j>, <z1_i, z1_j>, <z2_i, z2_j>)`. And they must stand out: where
/// many samples come as near as the widest positives do, nearness says nothing of copies.
public struct Twins {
    /// For each anchor, at most 1024, 1 where it has a twin, else 0.
    public let anchors: [Double]

    /// Looks for twins.
    /// - Parameters:
    ///   - views: the embeddings.
    ///   - near: the cosine from which a sample is a twin; the positives' lower quartile.
    ///   - wide: the cosine above which only a few samples may lie; the positives' second percentile.
    public init(_ views: UnitViews, near: Double, wide: Double) throws(TorchError) {
        let count = views.count
        let length = min(count, 1024)
        let few = max(3, 0.005 * Double(count))
        let places = try Tensor.arange(count)
        let itself = try places.reshape([1, count]).eq(
            places.narrow(dim: 0, start: 0, length: length).reshape([length, 1]))
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
        guard let similarity = try nearest?.maskedFill(itself, -2) else {
            anchors = []
            return
        }
        func above(_ threshold: Double) throws(TorchError) -> [Double] {
            try similarity.gt(Tensor.full([1, 1], threshold, dtype: .float64)).to(.float64).sum(dim: 1).toArray()
        }
        anchors = zip(try above(near), try above(wide)).map { $0 > 0 && $1 <= few ? 1 : 0 }
    }
}
