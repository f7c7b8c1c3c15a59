import Torch

/// Donsker & Varadhan's representation on samples, as MINE uses it: Belghazi et al. 2018, arXiv 1801.04062.
///
/// `mean_i f(i, i) - log mean_{i != j} e^{f(i, j)}`. The log of a mean over few samples is too low on average, so the
/// value is too high: an estimate, not a bound. What is added to all scores cancels. The gradient is that of the batch,
/// without MINE's moving average.
public struct DonskerVaradhan: InformationEstimator {
    /// `donsker_varadhan`.
    public static let name = "donsker_varadhan"

    /// No settings.
    public init() {}

    /// An estimate.
    public var kind: EstimatorKind { .estimate }

    /// The value.
    public func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor {
        let scores = try ScoreMatrix(scores, atLeast: fewestPairs)
        return try scores.joint().mean() - scores.logMeanMarginal()
    }
}
