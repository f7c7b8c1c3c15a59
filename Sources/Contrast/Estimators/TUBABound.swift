import Foundation
import Torch
import Views

/// The tractable bound of Barber & Agakov without a normaliser: Poole et al. 2019, arXiv 1905.06922, equation 4.
///
/// `mean_i f(i, i) - mean_{i != j} e^{f(i, j)} / a - log a + 1` with a baseline a > 0. It is a bound for every a that
/// does not depend on the samples, and tight if a is the mean of e^f under the marginals; a = e is NWJ. A critic that
/// learns the offset of its scores learns a with it.
///
/// For scores of unknown offset, each half of the pairs can take as a the mean of e^f over the other half's block,
/// without a gradient. The value is still a bound, a constant added to all scores cancels, and the variance is larger.
/// The marginals are then the two blocks' entries off the diagonal.
public struct TUBABound: InformationEstimator {
    /// `tuba`.
    public static let name = "tuba"

    /// log a.
    public var logBaseline = 0.0
    /// Whether a comes from the other half of the pairs instead.
    public var otherHalf = false

    /// a = 1.
    public init() {}

    /// A given baseline.
    public init(logBaseline: Double) { self.logBaseline = logBaseline }

    /// The baseline from the other half of the pairs.
    public static var halves: TUBABound {
        var estimator = TUBABound()
        estimator.otherHalf = true
        return estimator
    }

    /// Checks that the baseline is finite.
    public func validate() throws(InvalidSetting) {
        if !logBaseline.isFinite { throw InvalidSetting("log_baseline", "must be finite, is \(logBaseline)") }
    }

    /// A bound.
    public var kind: EstimatorKind { .bound }

    /// 2, or 4 if the halves give each other their baselines.
    public var fewestPairs: Int { otherHalf ? 4 : 2 }

    /// log a; 0 if a follows the scores.
    public var optimalOffset: Double { otherHalf ? 0 : logBaseline }

    /// The value.
    public func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor {
        let scores = try ScoreMatrix(scores, atLeast: fewestPairs)
        let joint = try scores.joint().mean()
        guard otherHalf else {
            return try joint - (scores.logMeanMarginal() - logBaseline).exp() - logBaseline + 1
        }
        let half = scores.count / 2
        let first = try scores.block(0, half).logMeanMarginal()
        let second = try scores.block(half, scores.count - half).logMeanMarginal()
        let share = Double(half) / Double(scores.count)
        /// The marginal term of a half under a baseline, without the `- 1`.
        func loss(_ own: Tensor, _ other: Tensor) throws(TorchError) -> Tensor {
            let baseline = try other.detach()
            return try (own - baseline).exp() + baseline
        }
        return try joint - loss(first, second) * share - loss(second, first) * (1 - share) + 1
    }
}
