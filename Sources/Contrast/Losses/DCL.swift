import Torch
import Views

/// Decoupled contrastive learning: Yeh et al. 2021, arXiv 2110.06848, equation 6.
///
/// NT-Xent without the positive in the denominator: over the 2N views, the mean of
/// `-s(i, i+) + log sum_neg e^{s(i, j)}` with 2N - 2 negatives. It may be negative. It bounds no mutual information, so
/// NT-Xent's bound on the same scores is reported beside it. If all rows are equal it is `log(2N - 2)`.
public struct DCL: AnchorLoss {
    /// `dcl`.
    public static let name = "dcl"

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.1
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.1 on normalized rows.
    public init() {}

    func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor { try scores.crossEntropy(decoupled: true) }
}
