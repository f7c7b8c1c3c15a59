import Torch

/// The scores of N queries with their keys and with the K negatives of a queue: `s = <q, k> / tau`.
struct QueueScores: AnchorScores {
    /// s(i, i+), `[N]`.
    let positives: Tensor
    private let scores: Tensor

    /// Scores in float32 or wider, whatever the encoder's precision.
    /// - Parameter dtype: float64 where rounding is multiplied by what follows.
    init(
        _ queries: Tensor, _ keys: Tensor, negatives: Tensor, temperature: Double, normalize: Bool,
        dtype: DType = .float32
    ) throws(TorchError) {
        func rows(_ z: Tensor) throws(TorchError) -> Tensor {
            let wide = dtype == .float64 ? try z.to(dtype) : try z.widened()
            return normalize ? try wide.normalizedRows() : wide
        }
        let q = try rows(queries)
        positives = try (q * rows(keys)).sum(dim: 1) / temperature
        scores = try q.matmul(rows(negatives).transpose(0, 1)) / temperature
    }

    /// MoCo's loss of embeddings, or with `decoupled` that without the positive in the denominator; in tiles where these can be
    /// computed with, else over the matrix.
    static func contrast(
        _ queries: Tensor, _ keys: Tensor, negatives: Tensor, temperature: Double, normalize: Bool,
        decoupled: Bool = false
    ) throws(TorchError) -> Tensor {
        var rows: [Tensor] = []
        for z in [queries, keys, negatives] {
            rows.append(normalize ? try z.widened().normalizedRows() : try z.widened())
        }
        guard ProductEntropy.serves(rows[0], rows[1], rows[2]) else {
            let scores = try QueueScores(
                queries, keys, negatives: negatives, temperature: temperature, normalize: normalize)
            return decoupled ? try scores.decoupled() : try scores.contrast()
        }
        return try ProductEntropy(scale: 1 / temperature, decoupled: decoupled).ofQueries(
            rows[0], positives: (rows[0] * rows[1]).sum(dim: 1) / temperature, negatives: rows[2])
    }

    /// Of the queries with the queue, `[N, K]`.
    func negatives() throws(TorchError) -> Tensor { scores }

    /// K.
    var negativeCount: Int { scores.shape[1] }

    /// MoCo's loss: the mean cross entropy of K + 1 candidates, of which the first is the positive.
    func contrast() throws(TorchError) -> Tensor { try queueCrossEntropy(positives, scores) }
}

/// `mean(log(e^{p_i} + sum_j e^{n_ij}) - p_i)` of positives `[N]` and negatives `[N, K]`.
func queueCrossEntropy(_ positives: Tensor, _ negatives: Tensor) throws(TorchError) -> Tensor {
    let all = try Tensor.cat([positives.unsqueeze(1), negatives], dim: 1)
    return try (all.logsumexp(dim: 1) - positives).mean()
}
