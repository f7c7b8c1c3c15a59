import Foundation
import Torch
import Views

/// Contrastive learning with hard negatives: Robinson et al. 2021, arXiv 2010.04592, section 3.
///
/// `Debiased` with `sum_neg e^s` replaced by `sum_neg(w e^s) / mean_neg(w)`, `w = e^{beta s}`: the more similar a negative,
/// the more it weighs. beta multiplies s after its division by tau, and the gradient flows through w, as in the authors'
/// code. With beta 0 it is `Debiased`. It bounds no mutual information: what is reported beside it is NT-Xent's bound on the
/// same scores.
public struct HCL: ContrastiveLoss, PairLoss {
    /// `hcl`.
    public static let name = "hcl"

    /// tau, by which similarities are divided.
    public var temperature: Course = 0.5
    /// tau+, the share of negatives that are of the anchor's class; 1 / classes where those are even.
    public var tauPlus: Course = 0.1
    /// How much more similar negatives weigh; at least 0.
    public var beta: Course = 1.0
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5, tau+ 0.1 and beta 1 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, tauPlus: Double, beta: Double, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.tauPlus = Course(tauPlus)
        self.beta = Course(beta)
        self.normalize = normalize
    }

    /// Checks that the temperature is positive, tau+ in 0..<1 and beta at least 0.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try requireShare(tauPlus)
        try require("beta", beta, "at least 0") { $0 >= 0 && $0.isFinite }
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
        let (negatives, beta) = (try scores.negatives(), beta.from)
        // log(sum(w e^s) / mean(w)), which neither overflows nor vanishes.
        var logNegatives = try (negatives * (1 + beta)).logsumexp(dim: 1)
        if beta > 0 {
            logNegatives = try logNegatives - (negatives * beta).logsumexp(dim: 1) + log(Double(scores.negativeCount))
        }
        return try debiased(
            scores, logNegatives: logNegatives, temperature: temperature.from, tauPlus: tauPlus.from)
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
        now.beta = beta.at(progress)
        return now
    }
}

extension HCL: QueueObjective, QueueLoss {
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
