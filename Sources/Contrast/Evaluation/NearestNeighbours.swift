import Torch

/// k-nearest-neighbour classification by cosine similarity, weighted as in Wu et al. 2018, arXiv 1805.01978, or by
/// majority.
///
/// The k nearest images of a bank vote for their class, each with weight `e^{cos / T}`, or with weight 1 without T.
public struct NearestNeighbours {
    /// k, the number of neighbours that vote.
    public let neighbours: Int
    /// T of the weight; nil if each neighbour has one vote.
    public let temperature: Double?
    private let bank: Tensor
    private let labels: Tensor
    private let classes: Int
    private let blocks: Blocks

    /// The numbers of queries and of bank images that are compared at once.
    struct Blocks: Equatable {
        var queries: Int
        var bank: Int

        /// At most 64 MiB of similarities or of votes in main memory, or 1 GiB on a GPU, which is faster with more.
        init(bank count: Int, classes: Int = 1, on device: Device) {
            let isMain = device == .cpu
            self.init(queries: 0, bank: max(1, min(count, isMain ? 1 << 16 : 1 << 18)))
            queries = max(1, (isMain ? 1 << 24 : 1 << 28) / max(bank, classes))
        }

        init(queries: Int, bank: Int) {
            self.queries = queries
            self.bank = bank
        }
    }

    /// The usual settings for a bank of that size: k = 200 and T = 0.1 from 10,000 images on, otherwise 20 and 0.07.
    public static func defaults(bank: Int) -> (neighbours: Int, temperature: Double) {
        bank >= 10_000 ? (200, 0.1) : (min(20, bank), 0.07)
    }

    /// Makes a classifier, on the device of the features.
    /// - Parameters:
    ///   - features: the bank, `[N, D]`.
    ///   - labels: N classes in `0..<classes`.
    ///   - classes: the number of classes.
    ///   - neighbours: k; at most N are used.
    ///   - temperature: T of the weight; nil for a majority vote, in which the first of tied classes wins.
    public init(
        features: Tensor, labels: [Int], classes: Int, neighbours: Int, temperature: Double?
    ) throws(TorchError) {
        try self.init(
            features: features, labels: labels, classes: classes, neighbours: neighbours, temperature: temperature,
            blocks: Blocks(bank: labels.count, classes: classes, on: features.device))
    }

    init(
        features: Tensor, labels: [Int], classes: Int, neighbours: Int, temperature: Double?, blocks: Blocks
    ) throws(TorchError) {
        bank = try features.detach().to(.float32).normalizedRows()
        self.labels = try Tensor(labels.map(Int64.init), shape: [labels.count]).to(device: features.device)
        self.classes = classes
        self.neighbours = min(neighbours, labels.count)
        self.temperature = temperature
        self.blocks = blocks
    }

    /// The `count` classes of each row with the most votes, in descending order; blocks limit the memory.
    /// - Parameters:
    ///   - features: `[M, D]`, on any device; each block is moved to the bank's.
    ///   - count: the number of classes for each row, at most all.
    public func ranking(_ features: Tensor, count: Int = 5) throws(TorchError) -> [[Int]] {
        var rankings: [[Int]] = []
        rankings.reserveCapacity(features.shape[0])
        for start in stride(from: 0, to: features.shape[0], by: blocks.queries) {
            rankings += try block(of: features, from: start, count: count)
        }
        return rankings
    }

    /// The ranking, with a call of `stop` before each block.
    /// - Throws: `EvaluationStopped` if `stop` returned true; `TorchError`.
    func ranking(_ features: Tensor, count: Int = 5, stop: () -> Bool) throws -> [[Int]] {
        try stride(from: 0, to: features.shape[0], by: blocks.queries).flatMap { start in
            if stop() { throw EvaluationStopped() }
            return try block(of: features, from: start, count: count)
        }
    }

    private func block(of features: Tensor, from start: Int, count: Int) throws(TorchError) -> [[Int]] {
        let best = min(count, classes)
        let length = min(blocks.queries, features.shape[0] - start)
        let part = try features.detach().narrow(dim: 0, start: start, length: length)
        let queries = try part.to(device: bank.device).to(.float32).normalizedRows()
        let indices: [Int64] = try votes(nearest(queries)).topk(best, dim: 1).indices.toArray()
        return stride(from: 0, to: indices.count, by: best).map { row in
            indices[row..<row + best].map { Int($0) }
        }
    }

    /// The similarities of the k nearest and their classes, each `[queries, k]`, nearest first.
    private func nearest(_ queries: Tensor) throws(TorchError) -> (similarities: Tensor, classes: Tensor) {
        var found: (similarities: Tensor, classes: Tensor)?
        let total = bank.shape[0]
        for start in stride(from: 0, to: total, by: blocks.bank) {
            let length = min(blocks.bank, total - start)
            let part = try bank.narrow(dim: 0, start: start, length: length)
            let top = try queries.matmul(part.transpose(0, 1)).topk(min(neighbours, length), dim: 1)
            let voters = try labels.narrow(dim: 0, start: start, length: length)
                .indexSelect(dim: 0, index: top.indices.reshape([-1])).reshape(top.indices.shape)
            guard let known = found else {
                found = (top.values, voters)
                continue
            }
            let similarities = try Tensor.cat([known.similarities, top.values], dim: 1)
            let classes = try Tensor.cat([known.classes, voters], dim: 1)
            let merged = try similarities.topk(min(neighbours, similarities.shape[1]), dim: 1)
            found = (merged.values, try classes.gather(dim: 1, index: merged.indices))
        }
        guard let found else { throw TorchError(operation: "topk", message: "the bank is empty") }
        return found
    }

    /// The votes for each class, `[queries, classes]`.
    private func votes(_ nearest: (similarities: Tensor, classes: Tensor)) throws(TorchError) -> Tensor {
        let queries = nearest.similarities.shape[0]
        let none = try Tensor.zeros([queries, classes], device: bank.device)
        guard let temperature else {
            let ones = try Tensor.ones(nearest.similarities.shape, device: bank.device)
            // Differences below one vote, so that the first of tied classes wins, as in scikit-learn.
            let order = try Tensor.arange(classes, dtype: .float32, device: bank.device) * (0.5 / Double(classes))
            return try none.scatterAdd(dim: 1, index: nearest.classes, source: ones) - order
        }
        // Weights relative to the nearest give the same ranking and do not overflow at small T.
        let largest = try nearest.similarities.max(dim: 1, keepdim: true)
        let weights = try ((nearest.similarities - largest) / temperature).exp()
        return try none.scatterAdd(dim: 1, index: nearest.classes, source: weights)
    }
}
