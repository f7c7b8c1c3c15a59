import Foundation
import Torch

/// How embeddings lie on the sphere: the measures of Wang & Isola 2020 (arXiv 2005.10242) and of the spectrum.
public enum Geometry {
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
        let count = rows.shape[0]
        let z = try rows.normalizedRows()
        // |a - b|^2 = 2 - 2 <a, b> on the sphere; the diagonal's e^0 is taken out of the sum.
        let logits = try (z.matmul(z.transpose(0, 1)) - 1) * (2 * t)
        let total = try logits.maskedFill(Tensor.eye(count, dtype: .bool, device: z.device), -Double.infinity)
            .reshape([-1]).logsumexp(dim: 0).item()
        return total - log(Double(count * (count - 1)))
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
