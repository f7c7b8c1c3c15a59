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
    public var temperature: Course = 0.5
    /// tau+, the share of negatives that are of the anchor's class; 1 / classes where those are even.
    public var tauPlus: Course = 0.1
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5 and tau+ 0.1 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, tauPlus: Double, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.tauPlus = Course(tauPlus)
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
        try loss(
            ViewScores(
                first, second, temperature: temperature.from, normalize: normalize, dtype: .float64)
        ).to(first.widened().dtype)
    }

    private func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor {
        try debiased(
            scores, logNegatives: scores.negatives().logsumexp(dim: 1), temperature: temperature.from,
            tauPlus: tauPlus.from)
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(first, second, temperature: temperature.from, normalize: normalize)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        now.tauPlus = tauPlus.at(progress)
        return now
    }
}

extension Debiased: QueueObjective, QueueLoss {
    /// The loss with n = K negatives of a queue.
    public func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        try loss(
            QueueScores(
                queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize,
                dtype: .float64)
        ).to(queries.widened().dtype)
    }

    /// MoCo's loss over the same scores.
    public func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(
            queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize)
    }
}

/// Throws unless tau+ leaves negatives to learn from.
func requireShare(_ tauPlus: Course) throws(InvalidSetting) {
    try require("tau_plus", tauPlus, "in 0..<1") { $0 >= 0 && $0 < 1 }
}

/// The debiased loss of scores and of `log sum_neg e^s`, `[A]`, in float64.
///
/// The difference of two sums that are nearly equal multiplies the rounding of scores, and e^{1 / tau} overflows float32
/// below tau 0.012: scores are float64 from the embeddings on, and sums are taken relative to the larger of the two.
func debiased(
    _ scores: some AnchorScores, logNegatives: Tensor, temperature: Double, tauPlus: Double
) throws(TorchError) -> Tensor {
    let (positives, count) = (scores.positives, Double(scores.negativeCount))
    let top = try positives.larger(logNegatives).detach()
    let ePositive = try (positives - top).exp()
    let corrected = try ((logNegatives - top).exp() - ePositive * (count * tauPlus)) / (1 - tauPlus)
    let floor = try (-top - 1 / temperature).exp() * count
    return try ((ePositive + corrected.larger(floor)).log() + top - positives).mean()
}
