import Foundation
import Torch

/// InfoNCE: van den Oord et al. 2018, arXiv 1807.03748; Poole et al. 2019, arXiv 1905.06922, equation 10.
///
/// `mean_i [f(i, i) - log mean_j e^{f(i, j)}]`, the positive among the K candidates of its row. A bound that cannot
/// exceed `log K`; a constant added to a row of scores cancels.
public struct InfoNCEBound: InformationEstimator {
    /// `info_nce`.
    public static let name = "info_nce"

    /// No settings.
    public init() {}

    /// A bound.
    public var kind: EstimatorKind { .bound }

    /// `log K`.
    public func ceiling(candidates: Int) -> Double? { log(Double(candidates)) }

    /// The value, at most `log K`.
    public func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor {
        let scores = try ScoreMatrix(scores, atLeast: fewestPairs)
        return try (scores.joint() - scores.all.logsumexp(dim: 1)).mean() + log(Double(scores.count))
    }
}
