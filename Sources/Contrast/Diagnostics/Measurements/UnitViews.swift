import Torch
import Views

/// Both views on the unit sphere in float64, in a seeded random order.
///
/// Files are often sorted by class, and measurements on groups of consecutive pairs (the bound at smaller K) must not
/// depend on that.
public struct UnitViews {
    /// First views, `[N, D]`, float64.
    public let first: Tensor
    /// Second views, `[N, D]`, float64.
    public let second: Tensor
    /// First views as they are, `[N, D]`, float64.
    public let plain: Tensor
    /// N classes in this order; nil without classes.
    public let labels: [Int]?
    /// N, the number of pairs.
    public let count: Int
    /// D, the dimension of an embedding.
    public let dimension: Int

    /// Takes at most `limit` pairs.
    public init(_ pairs: PairedEmbeddings, limit: Int, seed: UInt64) throws(TorchError) {
        var stream = RandomStream(RandomKey(seed: seed, purpose: .diagnosedPairs))
        let order = Array(stream.permutation(pairs.count).prefix(limit))
        count = order.count
        dimension = pairs.dimension
        labels = pairs.labels.map { labels in order.map { labels[$0] } }
        let index = try Tensor(order.map(Int64.init), shape: [order.count])
        func rows(_ values: [Float]) throws(TorchError) -> Tensor {
            try Tensor(values, shape: [pairs.count, pairs.dimension]).indexSelect(dim: 0, index: index).to(.float64)
        }
        plain = try rows(pairs.first)
        (first, second) = (try plain.normalizedRows(), try rows(pairs.second).normalizedRows())
    }
}
