import Torch
import Views

/// SMILE: Song & Ermon 2020, arXiv 1910.06222, equation 12.
///
/// `mean_i f(i, i) - log mean_{i != j} clip(e^{f(i, j)}, e^{-tau}, e^{tau})`, the critic trained as for JS, as in the
/// paper. Clipping bounds the variance of the marginal term and biases it: the value can lie far above the information,
/// so it is an estimate.
public struct SMILE: InformationEstimator {
    /// `smile`.
    public static let name = "smile"

    /// tau, at which the scores of the marginals are clipped.
    public var clip = 5.0

    /// tau 5.
    public init() {}

    /// Makes an estimator.
    public init(clip: Double) { self.clip = clip }

    /// Checks that tau is positive.
    public func validate() throws(InvalidSetting) {
        guard clip > 0, clip.isFinite else { throw InvalidSetting("clip", "must be positive, is \(clip)") }
    }

    /// An estimate.
    public var kind: EstimatorKind { .estimate }

    /// The value.
    public func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor {
        let raised = try scores.widened().clamp(min: -clip)
        let clipped = try ScoreMatrix(-(-raised).clamp(min: -clip), atLeast: fewestPairs)
        return try ScoreMatrix(scores, atLeast: fewestPairs).joint().mean() - clipped.logMeanMarginal()
    }

    /// The Jensen-Shannon objective.
    public func objective(_ scores: Tensor) throws(TorchError) -> Tensor { try JSBound().objective(scores) }
}
