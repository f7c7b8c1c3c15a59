import Foundation
import Torch

/// Whether samples fall into a few tight classes: whether being alike carries over from one sample to the next.
///
/// The likeness of samples i and j is the correlation of their rows of cosines, so that all the other samples have a say,
/// and what is particular to i or j averages out. Samples are called alike above a threshold; the share of cases where i
/// is like k, of those where i is like j and j is like k, is 1 for separate classes, and at most about 0.85 for
/// embeddings that fill their space without gaps, be it a circle. The threshold is the one with the largest such share.
public struct ClusterStructure {
    /// The share of alike pairs with a common like that are alike, 0...1.
    public let transitivity: Double
    /// For each anchor, at most 512, the share of the others that are like it.
    public let alike: [Double]

    /// Looks at at most 512 samples.
    public init(_ views: UnitViews) throws(TorchError) {
        let count = min(views.count, 512)
        let rows = try views.first.narrow(dim: 0, start: 0, length: count)
            .matmul(views.second.narrow(dim: 0, start: 0, length: count).transpose(0, 1))
        let itself = try Tensor.eye(count, dtype: .bool)
        // Its own pair would make each row point at itself.
        let others = try rows.maskedFill(itself, 0)
        let unit = try (others - others.mean(dim: 1, keepdim: true)).normalizedRows()
        let likeness = try unit.matmul(unit.transpose(0, 1)).to(.float32)
        var best = 0.0
        var shares = [Double](repeating: 0, count: count)
        for step in 0..<16 {
            let threshold = try Tensor.full([1, 1], -0.5 + Double(step) * 0.09)
            let like = try likeness.gt(threshold).to(.float32).maskedFill(itself, 0)
            let degrees: [Double] = try like.to(.float64).sum(dim: 1).toArray()
            let share = degrees.reduce(0, +) / Double(count * (count - 1))
            // Nearly all alike carries over trivially; few alike are neighbours, not classes.
            guard (0.02...0.7).contains(share) else { continue }
            let common = try like.matmul(like).maskedFill(itself, 0)
            let all = try common.to(.float64).sum().item()
            guard all > 0 else { continue }
            let closed = try (common * like).to(.float64).sum().item() / all
            if closed > best {
                best = closed
                shares = degrees.map { $0 / Double(count - 1) }
            }
        }
        transitivity = best
        alike = shares
    }
}
