import Torch

/// Trained by the Jensen-Shannon divergence, read out by NWJ: Hjelm et al. 2019, arXiv 1808.06670; Poole et al. 2019,
/// arXiv 1905.06922, section 2.2.
///
/// The critic raises `-mean_i softplus(-f(i, i)) - mean_{i != j} softplus(f(i, j))`, whose best critic is the log
/// ratio; the value is NWJ's of `f + 1`: `1 + mean_i f(i, i) - mean_{i != j} e^{f(i, j)}`. A bound, whose training does
/// not suffer from the variance of e^f but whose value does.
public struct JSBound: InformationEstimator {
    /// `js`.
    public static let name = "js"

    /// No settings.
    public init() {}

    /// A bound.
    public var kind: EstimatorKind { .bound }

    /// The value.
    public func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor { try NWJBound()(scores + 1) }

    /// The Jensen-Shannon objective, at most 0.
    public func objective(_ scores: Tensor) throws(TorchError) -> Tensor {
        let scores = try ScoreMatrix(scores, atLeast: fewestPairs)
        let joint = try (-scores.joint()).softplus().mean()
        return try -joint - scores.meanMarginal(scores.all.softplus())
    }
}
