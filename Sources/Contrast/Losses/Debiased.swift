import Foundation
import Torch
import Views

/// The debiased contrastive loss: Chuang et al. 2020, arXiv 2007.00224, equations 7 and 8.
///
/// A negative is of the anchor's own class with probability tau+. The sum over the n = 2N - 2 negatives corrects for
/// that: `g = max((sum_neg e^s - n tau+ e^{s(i, i+)}) / (1 - tau+), n e^{-1 / tau})`, and the loss is the mean of
/// `-log(e^{s(i, i+)} / (e^{s(i, i+)} + g))`. With tau+ 0 it is NT-Xent. It bounds no mutual information, so NT-Xent's
/// bound on the same scores is reported beside it.
public struct Debiased: AnchorLoss {
    /// `debiased`.
    public static let name = "debiased"

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.5
    /// tau+, the share of negatives of the anchor's class; 1 / classes for classes of one size.
    public var tauPlus: ScheduledValue = 0.1
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5 and tau+ 0.1 on normalized rows.
    public init() {}

    /// Checks that the temperature is positive and tau+ in 0..<1.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try requireShare(tauPlus)
    }

    /// Moves tau and tau+.
    public mutating func advance(to progress: Double) {
        temperature.advance(to: progress)
        tauPlus.advance(to: progress)
    }

    /// The difference of two nearly equal sums amplifies rounding errors.
    var scorePrecision: DType { .float64 }

    func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor {
        try scores.debiased(
            logNegatives: scores.negatives().logsumexp(dim: 1), temperature: temperature.from, tauPlus: tauPlus.from)
    }
}

/// Throws unless tau+ leaves negatives.
func requireShare(_ tauPlus: ScheduledValue) throws(InvalidSetting) {
    try require("tau_plus", tauPlus, "in 0..<1") { $0 >= 0 && $0 < 1 }
}

extension AnchorScores {
    /// The debiased loss of scores and of `log sum_neg e^s`, `[A]`, both float64.
    ///
    /// e^{1 / tau} overflows float32 below tau 0.012, so sums are taken relative to the larger of the two.
    func debiased(logNegatives: Tensor, temperature: Double, tauPlus: Double) throws(TorchError) -> Tensor {
        let (positives, count) = (try positives(), Double(negativeCount))
        let top = try positives.larger(logNegatives).detach()
        let ePositive = try (positives - top).exp()
        let corrected = try ((logNegatives - top).exp() - ePositive * (count * tauPlus)) / (1 - tauPlus)
        let floor = try (-top - 1 / temperature).exp() * count
        return try mean((ePositive + corrected.larger(floor)).log() + top - positives)
    }
}
