import Foundation
import Torch

/// How embeddings lie on the sphere: the measures of Wang & Isola 2020 (arXiv 2005.10242) and of the spectrum.
public enum EmbeddingGeometry {
    /// Mean `|z1 - z2|^2` over positives, rows normalised; 0 where every pair coincides, at most 4.
    /// - Parameters:
    ///   - first: `[N, D]`.
    ///   - second: `[N, D]`, row by row the other view.
    public static func alignment(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Double {
        let difference = try first.normalizedRows() - second.normalizedRows()
        return try difference.pow(2).sum(dim: 1).mean().item()
    }

    /// `log mean e^{-t |zi - zj|^2}` over unordered pairs i < j, rows normalised; 0 where all coincide, lower is better.
    public static func uniformity(_ rows: Tensor, t: Double = 2) throws(TorchError) -> Double {
        try uniformity(rows, t: t, memory: 1 << 24)
    }

    /// - Parameter memory: distances at once; a batch of a large run has more than memory holds.
    static func uniformity(_ rows: Tensor, t: Double, memory: Int) throws(TorchError) -> Double {
        let count = rows.shape[0]
        let z = try rows.normalizedRows()
        let all = try z.transpose(0, 1)
        let places = try Tensor.arange(count, device: z.device)
        var parts: [Tensor] = []
        let height = min(count, max(1, memory / max(1, count)))
        for start in stride(from: 0, to: count, by: height) {
            let length = min(height, count - start)
            // |a - b|^2 = 2 - 2 <a, b> on the sphere; the diagonal's e^0 is taken out of the sum.
            let logits = try (z.narrow(dim: 0, start: start, length: length).matmul(all) - 1) * (2 * t)
            let itself = try places.narrow(dim: 0, start: start, length: length).unsqueeze(1).eq(places)
            parts.append(try logits.maskedFill(itself, -Double.infinity).reshape([-1]).logsumexp(dim: 0))
        }
        return try Tensor.stack(parts, dim: 0).logsumexp(dim: 0).item() - log(Double(count * (count - 1)))
    }

    /// Exponential of the entropy of the centred covariance's normalised eigenvalues, in 1...D; 0 for constant rows.
    public static func effectiveRank(_ rows: Tensor) throws(TorchError) -> Double {
        let z = try rows.detach().to(.float64)
        let centred = try z - z.mean(dim: 0)
        let eigenvalues: [Double] = try centred.svdvals().pow(2).toArray()
        let total = eigenvalues.reduce(0, +)
        guard total > 0 else { return 0 }
        let entropy = eigenvalues.reduce(0.0) { (sum: Double, eigenvalue: Double) -> Double in
            let share = eigenvalue / total
            return share > 0 ? sum - share * log(share) : sum
        }
        return exp(entropy)
    }
}
