import Foundation
import Torch
import Views

/// The debiased contrastive loss: Chuang et al. 2020, arXiv 2007.00224, equations 7 and 8.
///
/// A negative is of the anchor's own class with probability tau+, which is corrected for in the sum over the n = 2N - 2
/// negatives: `g = max((sum_neg e^s - n tau+ e^{s(i, i+)}) / (1 - tau+), n e^{-1 / tau})`, and the loss is the mean of
/// `-log(e^{s(i, i+)} / (e^{s(i, i+)} + g))`. With tau+ 0 it is NT-Xent. It bounds no mutual information: what is reported
/// beside it is NT-Xent's bound on the same scores.
public struct Debiased: ContrastiveLoss, PairLoss {
    /// `debiased`.
    public static let name = "debiased"

    /// tau, by which similarities are divided.
    public var temperature = 0.5
    /// tau+, the share of negatives that are of the anchor's class; 1 / classes where those are even.
    public var tauPlus = 0.1
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5 and tau+ 0.1 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, tauPlus: Double, normalize: Bool = true) {
        self.temperature = temperature
        self.tauPlus = tauPlus
        self.normalize = normalize
    }

    /// Checks that the temperature is positive and tau+ in 0..<1.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try requireShare(tauPlus)
    }

    /// The 2N - 1 of NT-Xent.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        let scores = try ViewScores(
            first, second, temperature: temperature, normalize: normalize, dtype: .float64)
        return try debiased(
            positives: scores.positives, logNegatives: scores.negatives().logsumexp(dim: 1), temperature: temperature,
            tauPlus: tauPlus
        ).to(first.widened().dtype)
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(first, second, temperature: temperature, normalize: normalize)
    }
}

/// Throws unless tau+ leaves negatives to learn from.
func requireShare(_ tauPlus: Double) throws(InvalidSetting) {
    guard tauPlus >= 0, tauPlus < 1 else { throw InvalidSetting("tau_plus", "must be in 0..<1, is \(tauPlus)") }
}

/// The debiased loss of positives and of `log sum_neg e^s`, `[2N]` each in float64.
///
/// The difference of two sums that are nearly equal multiplies the rounding of scores, and e^{1 / tau} overflows float32
/// below tau 0.012: scores are float64 from the embeddings on, and sums are taken relative to the larger of the two.
func debiased(
    positives: Tensor, logNegatives: Tensor, temperature: Double, tauPlus: Double
) throws(TorchError) -> Tensor {
    let count = Double(positives.shape[0] - 2)
    let top = try positives.larger(logNegatives).detach()
    let ePositive = try (positives - top).exp()
    let corrected = try ((logNegatives - top).exp() - ePositive * (count * tauPlus)) / (1 - tauPlus)
    let floor = try (-top - 1 / temperature).exp() * count
    return try ((ePositive + corrected.larger(floor)).log() + top - positives).mean()
}
