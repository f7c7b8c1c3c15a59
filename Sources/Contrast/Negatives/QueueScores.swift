import Torch

/// The scores of N queries with their keys and with the K negatives of a queue.
final class QueueScores: AnchorScores {
    /// Rows whose products are the scores times tau.
    private let queries: Tensor
    private let keys: Tensor
    private let others: Tensor
    /// Keys and negatives as they were given.
    private let given: (keys: Tensor, negatives: Tensor)
    private let temperature: Double
    private let resultType: DType

    /// Scores in float32 or wider.
    /// - Parameter dtype: float64 where later steps amplify rounding errors.
    init(
        _ queries: Tensor, _ keys: Tensor, negatives: Tensor, temperature: Double, normalize: Bool,
        dtype: DType = .float32
    ) throws(TorchError) {
        func rows(_ z: Tensor) throws(TorchError) -> Tensor {
            let wide = dtype == .float64 ? try z.to(dtype) : try z.widened()
            return normalize ? try wide.normalizedRows() : wide
        }
        (self.queries, self.keys, others) = (try rows(queries), try rows(keys), try rows(negatives))
        given = (keys, negatives)
        self.temperature = temperature
        resultType = try queries.widened().dtype
    }

    func positives() throws(TorchError) -> Tensor { try (queries * keys).sum(dim: 1) / temperature }

    func negatives() throws(TorchError) -> Tensor { try queries.matmul(others.transpose(0, 1)) / temperature }

    /// K.
    var negativeCount: Int { others.shape[0] }

    func positiveCosines() throws(TorchError) -> Tensor {
        let keys = try given.keys.widened().detach().normalizedRows()
        return try keys.matmul(given.negatives.widened().detach().normalizedRows().transpose(0, 1))
    }

    func crossEntropy(decoupled: Bool) throws(TorchError) -> Tensor {
        guard ProductEntropy.serves(queries, keys, others) else {
            let negatives = try negatives()
            return decoupled
                ? try mean(negatives.logsumexp(dim: 1) - positives()) : try crossEntropy(negatives: negatives)
        }
        return try ProductEntropy(scale: 1 / temperature, decoupled: decoupled).ofQueries(
            queries, positives: positives(), negatives: others)
    }

    func mean(_ losses: Tensor) throws(TorchError) -> Tensor { try losses.mean().to(resultType) }
}
