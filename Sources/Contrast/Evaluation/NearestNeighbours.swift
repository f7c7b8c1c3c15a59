import Torch

/// Weighted k-nearest-neighbour classification by cosine similarity: Wu et al. 2018, arXiv 1805.01978.
///
/// The k nearest images of a bank vote for their class with weight `e^{cos / T}`.
public struct NearestNeighbours {
    /// Neighbours that vote.
    public let neighbours: Int
    /// T of the weight.
    public let temperature: Double
    private let bank: Tensor
    private let labels: Tensor
    private let classes: Int

    /// The defaults of the field for a bank of that size: k = 200 and T = 0.1 from 10,000 images on, else 20 and 0.07.
    public static func defaults(bank: Int) -> (neighbours: Int, temperature: Double) {
        bank >= 10_000 ? (200, 0.1) : (min(20, bank), 0.07)
    }

    /// Makes a classifier.
    /// - Parameters:
    ///   - features: the bank, `[N, D]`.
    ///   - labels: N classes in `0..<classes`.
    ///   - neighbours: k; at most N are used.
    public init(
        features: Tensor, labels: [Int], classes: Int, neighbours: Int, temperature: Double
    ) throws(TorchError) {
        bank = try features.detach().to(.float32).normalizedRows()
        self.labels = try Tensor(labels.map(Int64.init), shape: [labels.count]).to(device: features.device)
        self.classes = classes
        self.neighbours = min(neighbours, labels.count)
        self.temperature = temperature
    }

    /// The classes of each row from most to least votes, the first `count` of them; blocks of queries bound the memory.
    public func ranking(_ features: Tensor, count: Int = 5) throws(TorchError) -> [[Int]] {
        let queries = try features.detach().to(.float32).normalizedRows()
        let rows = queries.shape[0]
        // 64 MiB of similarities at a time.
        let block = max(1, (1 << 24) / max(bank.shape[0], 1))
        let best = min(count, classes)
        var rankings: [[Int]] = []
        rankings.reserveCapacity(rows)
        for start in stride(from: 0, to: rows, by: block) {
            let part = try queries.narrow(dim: 0, start: start, length: min(block, rows - start))
            let nearest = try part.matmul(bank.transpose(0, 1)).topk(neighbours, dim: 1)
            // Weights relative to the nearest: the same votes, and no overflow at small T.
            let weights = try ((nearest.values - nearest.values.max(dim: 1, keepdim: true)) / temperature).exp()
            let voters = try labels.indexSelect(dim: 0, index: nearest.indices.reshape([-1])).reshape(
                nearest.indices.shape)
            let votes = try Tensor.zeros([part.shape[0], classes], device: part.device)
                .scatterAdd(dim: 1, index: voters, source: weights)
            let indices: [Int64] = try votes.topk(best, dim: 1).indices.toArray()
            rankings += stride(from: 0, to: indices.count, by: best).map { row in
                indices[row..<row + best].map { Int($0) }
            }
        }
        return rankings
    }
}
