import Foundation
import Torch
import Views

/// Contrastive learning with hard negatives: Robinson et al. 2021, arXiv 2010.04592, section 3.
///
/// `Debiased` with `sum_neg e^s` replaced by `sum_neg(w e^s) / mean_neg(w)`, `w = e^{beta s}`: similar negatives weigh
/// more. beta multiplies s after the division by tau, and the gradient flows through w, as in the authors' code. With
/// beta 0 it is `Debiased`. It bounds no mutual information, so NT-Xent's bound on the same scores is reported beside
/// it.
public struct HCL: AnchorLoss {
    /// `hcl`.
    public static let name = "hcl"

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.5
    /// tau+, the share of negatives of the anchor's class; 1 / classes for classes of one size.
    public var tauPlus: ScheduledValue = 0.1
    /// The concentration on similar negatives; at least 0.
    public var beta: ScheduledValue = 1.0
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5, tau+ 0.1 and beta 1 on normalized rows.
    public init() {}

    /// Checks that the temperature is positive, tau+ in 0..<1 and beta at least 0.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try requireShare(tauPlus)
        try require("beta", beta, "at least 0") { $0 >= 0 && $0.isFinite }
    }

    /// Moves tau, tau+ and beta.
    public mutating func advance(to progress: Double) {
        temperature.advance(to: progress)
        tauPlus.advance(to: progress)
        beta.advance(to: progress)
    }

    /// As for `Debiased`.
    var scorePrecision: DType { .float64 }

    func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor {
        let (negatives, beta) = (try scores.negatives(), beta.from)
        // log(sum(w e^s) / mean(w)), which neither overflows nor vanishes.
        var logNegatives = try (negatives * (1 + beta)).logsumexp(dim: 1)
        if beta > 0 {
            logNegatives = try logNegatives - (negatives * beta).logsumexp(dim: 1) + log(Double(scores.negativeCount))
        }
        return try scores.debiased(
            logNegatives: logNegatives, temperature: temperature.from, tauPlus: tauPlus.from)
    }
}
