import Torch

/// NWJ, or MINE-f, or f-GAN of the Kullback-Leibler divergence: Nguyen, Wainwright & Jordan 2010, arXiv 0809.0853;
/// Poole et al. 2019, arXiv 1905.06922, equation 5.
///
/// `mean_i f(i, i) - mean_{i != j} e^{f(i, j) - 1}`. A bound without a ceiling, tight for `f = 1 + log ratio`; its
/// variance grows as e^I. Minus infinity where the second mean is beyond the type.
public struct NWJBound: InformationEstimator {
    /// `nwj`.
    public static let name = "nwj"

    /// No settings.
    public init() {}

    /// A bound.
    public var kind: EstimatorKind { .bound }

    /// 1.
    public var optimalOffset: Double { 1 }

    /// The value.
    public func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor {
        let scores = try ScoreMatrix(scores, atLeast: fewestPairs)
        return try scores.joint().mean() - (scores.logMeanMarginal() - 1).exp()
    }
}
