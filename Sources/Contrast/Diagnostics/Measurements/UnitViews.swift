import Torch
import Views

/// Both views on the unit sphere in float64, in a seeded random order and at most a given number of pairs.
///
/// The order is random because files often come sorted by class, and what is measured on groups of neighbours (the bound
/// at smaller K) must not depend on that.
public struct UnitViews {
    /// First views, `[N, D]`, float64.
    public let first: Tensor
    /// Second views, `[N, D]`, float64.
    public let second: Tensor
    /// N classes in this order; nil where none are known.
    public let labels: [Int]?
    /// N pairs.
    public let count: Int
    /// D numbers a row.
    public let dimension: Int

    /// Takes embeddings.
    public init(_ pairs: PairedEmbeddings, limit: Int, seed: UInt64) throws(TorchError) {
        var stream = RandomStream(RandomKey(seed: seed, purpose: .diagnosedPairs))
        let order = Array(stream.permutation(pairs.count).prefix(limit))
        count = order.count
        dimension = pairs.dimension
        labels = pairs.labels.map { labels in order.map { labels[$0] } }
        let places = try Tensor(order.map(Int64.init), shape: [order.count])
        let shape = [pairs.count, pairs.dimension]
        first = try Tensor(pairs.first, shape: shape).indexSelect(dim: 0, index: places).to(.float64).normalizedRows()
        second = try Tensor(pairs.second, shape: shape).indexSelect(dim: 0, index: places).to(.float64)
            .normalizedRows()
    }
}
