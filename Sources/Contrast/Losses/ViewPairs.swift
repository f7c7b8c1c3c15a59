import Torch

/// The pairs of views that a loss compares, among several views of the same N images.
public struct ViewPairs {
    /// Embeddings of the views that are first in a pair, `[N, D]` each.
    public let first: [Tensor]
    /// Embeddings of the views that are second in a pair, `[N, D]` each.
    public let second: [Tensor]
    /// Whether `first` are the leading views of `second`: then a view is paired with later ones only.
    let areSameViews: Bool

    /// All pairs of views of which at least one is among the leading `anchors`.
    init(_ views: [Tensor], anchors: Int) {
        (first, second, areSameViews) = (Array(views.prefix(anchors)), views, true)
    }

    /// The queries of each view with the keys of every other view; there are no more keys than queries.
    init(queries: [Tensor], keys: [Tensor]) { (first, second, areSameViews) = (queries, keys, false) }

    /// Indices into `first` and `second`.
    var indices: [(first: Int, second: Int)] {
        first.indices.flatMap { a in
            second.indices.filter { areSameViews ? $0 > a : $0 != a }.map { (a, $0) }
        }
    }

    var isOnCPU: Bool { second[0].device == .cpu }

    /// The weights of a mean over pairs, `[first, second]`: 1 / pairs where there is a pair, else 0. Made on the
    /// device, as a copy to it would wait for all queued work.
    func weights() throws(TorchError) -> Tensor {
        let device = second[0].device
        let rows = try Tensor.arange(first.count, device: device).unsqueeze(1)
        let columns = try Tensor.arange(second.count, device: device).unsqueeze(0)
        let isPair = areSameViews ? try columns.gt(rows) : try columns.eq(rows).negated()
        return try isPair.to(.float32) / Double(indices.count)
    }
}
