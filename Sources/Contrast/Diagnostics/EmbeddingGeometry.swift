import Foundation
import Torch

/// Alignment and uniformity of embeddings (Wang & Isola 2020, arXiv 2005.10242), and their effective rank.
public enum EmbeddingGeometry {
    /// The mean `|z1 - z2|^2` over positives, rows normalised; 0 if the views of every pair are equal, at most 4.
    /// - Parameters:
    ///   - first: `[N, D]`.
    ///   - second: `[N, D]`; row i is the other view of row i.
    public static func alignment(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Double {
        let difference = try first.normalizedRows() - second.normalizedRows()
        return try difference.pow(2).sum(dim: 1).mean().item()
    }

    /// `log mean e^{-t |zi - zj|^2}` over i < j, rows normalised; 0 if all rows are equal, lower is better.
    public static func uniformity(_ rows: Tensor, t: Double = 2) throws(TorchError) -> Double {
        try uniformity(rows, t: t, memory: 1 << 24)
    }

    /// - Parameter memory: how many distances are held at once.
    static func uniformity(_ rows: Tensor, t: Double, memory: Int) throws(TorchError) -> Double {
        let count = rows.shape[0]
        let z = try rows.normalizedRows()
        let all = try z.transpose(0, 1)
        let indices = try Tensor.arange(count, device: z.device)
        var parts: [Tensor] = []
        let height = min(count, max(1, memory / max(1, count)))
        for start in stride(from: 0, to: count, by: height) {
            let length = min(height, count - start)
            // |a - b|^2 = 2 - 2 <a, b> on the sphere. The sum excludes the diagonal.
            let logits = try (z.narrow(dim: 0, start: start, length: length).matmul(all) - 1) * (2 * t)
            let isSelf = try indices.narrow(dim: 0, start: start, length: length).unsqueeze(1).eq(indices)
            parts.append(try logits.maskedFill(isSelf, -Double.infinity).reshape([-1]).logsumexp(dim: 0))
        }
        return try Tensor.stack(parts, dim: 0).logsumexp(dim: 0).item() - log(Double(count * (count - 1)))
    }

    /// e to the entropy of the centred covariance's normalised eigenvalues, in 1...D; 0 for constant rows.
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

    /// RankMe: `exp(-sum p log p)` of `p = s / sum s + 1e-7`, s the singular values of the uncentred rows (Garrido et
    /// al. 2023, arXiv 2210.02885).
    public static func rankMe(_ rows: Tensor) throws(TorchError) -> Double {
        let values: [Double] = try rows.detach().to(.float64).svdvals().toArray()
        let total = max(values.reduce(0, +), .leastNormalMagnitude)
        return exp(
            values.reduce(0.0) { sum, value in
                let share = value / total + 1e-7
                return sum - share * log(share)
            })
    }

    /// alpha-ReQ: the exponent alpha of `l_i ~ i^-alpha` of the centred covariance's eigenvalues, by least squares of
    /// log l_i on log i with weights 1 / i over i = 5...50 (Agrawal et al. 2022, NeurIPS); nil with fewer than three
    /// eigenvalues there that are not 0.
    public static func alphaReQ(_ rows: Tensor) throws(TorchError) -> Double? {
        let z = try rows.detach().to(.float64)
        let values: [Double] = try (z - z.mean(dim: 0)).svdvals().pow(2).toArray()
        let least = (values.first ?? 0) * 1e-12
        let points = (5...50).filter { $0 <= values.count && values[$0 - 1] > least }
            .map { (weight: 1 / Double($0), x: log(Double($0)), y: log(values[$0 - 1])) }
        guard points.count >= 3 else { return nil }
        let total = points.reduce(0) { $0 + $1.weight }
        let x = points.reduce(0) { $0 + $1.weight * $1.x } / total
        let y = points.reduce(0) { $0 + $1.weight * $1.y } / total
        let covariance = points.reduce(0) { $0 + $1.weight * ($1.x - x) * ($1.y - y) }
        return -covariance / points.reduce(0) { $0 + $1.weight * ($1.x - x) * ($1.x - x) }
    }
}
