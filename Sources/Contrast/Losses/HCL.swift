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
    public var temperature = 0.5
    /// tau+, the share of negatives that are of the anchor's class; 1 / classes where those are even.
    public var tauPlus = 0.1
    /// How much more similar negatives weigh; at least 0.
    public var beta = 1.0
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5, tau+ 0.1 and beta 1 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, tauPlus: Double, beta: Double, normalize: Bool = true) {
        self.temperature = temperature
        self.tauPlus = tauPlus
        self.beta = beta
        self.normalize = normalize
    }

    /// Checks that the temperature is positive, tau+ in 0..<1 and beta at least 0.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try requireShare(tauPlus)
        guard beta >= 0, beta.isFinite else { throw InvalidSetting("beta", "must be at least 0, is \(beta)") }
    }

    /// The 2N - 1 of NT-Xent.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        let scores = try ViewScores(
            first, second, temperature: temperature, normalize: normalize, dtype: .float64)
        let negatives = try scores.negatives()
        // log(sum(w e^s) / mean(w)), which neither overflows nor vanishes.
        var logNegatives = try (negatives * (1 + beta)).logsumexp(dim: 1)
        if beta > 0 {
            let count = Double(scores.positives.shape[0] - 2)
            logNegatives = try logNegatives - (negatives * beta).logsumexp(dim: 1) + log(count)
        }
        return try debiased(
            positives: scores.positives, logNegatives: logNegatives, temperature: temperature, tauPlus: tauPlus
        ).to(first.widened().dtype)
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(first, second, temperature: temperature, normalize: normalize)
    }
}
