import Foundation
import Torch
import Views

/// The bound between InfoNCE and NWJ: Poole et al. 2019, arXiv 1905.06922, equation 13.
///
/// With a baseline q and `b = alpha m + (1 - alpha) q`,
/// `1 + mean_{i != j} [f(i, i) - log b(i, without j)] - mean_i [mean_{j != i} e^{f(i, j)} / b(i, without i)]`, where
/// `m(i, without j) = mean_{k != j} e^{f(i, k)}`, so that K - 1 candidates stand in each denominator. alpha 1 is
/// InfoNCE averaged over the matrices with one candidate left out of each row; alpha 0 with q = e is NWJ. Small alpha
/// has less bias and more variance.
///
/// No value exceeds `1 + log((K - 1) / alpha)`, and `log(K - 1)` at alpha 1; the paper names log K / alpha.
public struct InterpolatedBound: InformationEstimator {
    /// `interpolated`.
    public static let name = "interpolated"

    /// The share of the candidates' mean in the denominator, 0...1.
    public var alpha = 0.01
    /// log q.
    public var logBaseline = 0.0

    /// alpha 0.01, q = 1.
    public init() {}

    /// Makes an estimator.
    public init(alpha: Double, logBaseline: Double = 0) {
        self.alpha = alpha
        self.logBaseline = logBaseline
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("alpha", alpha, in: 0...1)
        if !logBaseline.isFinite { throw InvalidSetting("log_baseline", "must be finite, is \(logBaseline)") }
    }

    /// A bound.
    public var kind: EstimatorKind { .bound }

    /// 3: leaving one out, two candidates.
    public var fewestPairs: Int { 3 }

    /// log q: the best critic and the baseline move together.
    public var optimalOffset: Double { logBaseline }

    /// `1 + log((K - 1) / alpha)`; `log(K - 1)` at alpha 1, none at alpha 0.
    public func ceiling(candidates: Int) -> Double? {
        if alpha == 0 { return nil }
        return log(Double(candidates - 1) / alpha) + (alpha < 1 ? 1 : 0)
    }

    /// The value.
    public func callAsFunction(_ scores: Tensor) throws(TorchError) -> Tensor {
        let scores = try ScoreMatrix(scores, atLeast: fewestPairs)
        let without = try baseline(scores.logMeanWithout())
        let joint = try scores.joint().mean() - scores.meanMarginal(without)
        return try joint - (scores.logMeanOthers() - without.diagonal()).exp().mean() + 1
    }

    /// `log(alpha e^m + (1 - alpha) q)`.
    private func baseline(_ m: Tensor) throws(TorchError) -> Tensor {
        if alpha == 1 { return m }
        let fixed = try Tensor.full(m.shape, log1p(-alpha) + logBaseline, dtype: m.dtype, device: m.device)
        return alpha == 0 ? fixed : try (m + log(alpha)).logAddExp(fixed)
    }
}
