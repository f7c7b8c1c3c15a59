import Foundation
import Torch

/// Whether samples form a few tight classes, measured without labels by the transitivity of similarity.
///
/// The similarity of samples i and j is the correlation of their rows of cosines, which averages over all other
/// samples. Two samples are similar above a threshold. The transitivity is the share of cases with i similar to k among
/// those with i similar to j and j similar to k: 1 for separate classes, and at most about 0.85 for embeddings without
/// gaps, even on a circle. Of 16 thresholds the one with the largest transitivity counts.
public struct ClusterStructure {
    /// The transitivity of similarity, 0...1.
    public let transitivity: Double
    /// For each sample the share of the others that are similar to it.
    public let alike: [Double]

    /// Measures at most 512 samples.
    public init(_ views: UnitViews) throws(TorchError) {
        let count = min(views.count, 512)
        let rows = try views.first.narrow(dim: 0, start: 0, length: count)
            .matmul(views.second.narrow(dim: 0, start: 0, length: count).transpose(0, 1))
        let isSelf = try Tensor.eye(count, dtype: .bool)
        // The cosine of a sample's own pair would dominate its row.
        let others = try rows.maskedFill(isSelf, 0)
        let unit = try (others - others.mean(dim: 1, keepdim: true)).normalizedRows()
        let similarity = try unit.matmul(unit.transpose(0, 1)).to(.float32)
        var best = 0.0
        var shares = [Double](repeating: 0, count: count)
        for step in 0..<16 {
            let threshold = try Tensor.full([1, 1], -0.5 + Double(step) * 0.09)
            let similar = try similarity.gt(threshold).to(.float32).maskedFill(isSelf, 0)
            let degrees: [Double] = try similar.to(.float64).sum(dim: 1).toArray()
            let share = degrees.reduce(0, +) / Double(count * (count - 1))
            // If nearly all samples are similar, transitivity is trivial; if few are, they are neighbours, not classes.
            guard (0.02...0.7).contains(share) else { continue }
            let common = try similar.matmul(similar).maskedFill(isSelf, 0)
            let all = try common.to(.float64).sum().item()
            guard all > 0 else { continue }
            let closed = try (common * similar).to(.float64).sum().item() / all
            if closed > best {
                best = closed
                shares = degrees.map { $0 / Double(count - 1) }
            }
        }
        transitivity = best
        alike = shares
    }
}
