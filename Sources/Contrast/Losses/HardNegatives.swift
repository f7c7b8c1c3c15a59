import Foundation
import Torch
import Views

/// NT-Xent over mined negatives: the most similar ones (top-k), or those less similar than the positive (semi-hard:
/// Schroff et al. 2015, arXiv 1503.03832, section 3.2), or both.
///
/// The mean of `-s(i, i+) + log(e^{s(i, i+)} + sum_{j in M(i)} e^{s(i, j)})`, where M(i) are the `hardest` negatives of
/// anchor i among those that `semi_hard` leaves. An anchor without negatives has loss 0. With all of them it is
/// NT-Xent. The choice of negatives has no gradient. It bounds no mutual information, so NT-Xent's bound on the same
/// scores is reported beside it. False negatives are among the hardest ones; `hcl`, `debiased` and `fnc` address that.
public struct HardNegatives: AnchorLoss {
    /// `hard_negatives`.
    public static let name = "hard_negatives"

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.5
    /// The number of negatives of an anchor that count, the most similar ones; at least 1, all if it is not set.
    public var hardest: ScheduledValue?
    /// Whether to drop negatives that are at least as similar as the positive.
    public var semiHard = false
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// The 64 hardest at tau 0.5, on normalized rows.
    public init() { hardest = 64.0 }

    /// Checks that the temperature is positive, and that something is mined.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        if let hardest { try require("hardest", hardest, "at least 1") { $0 >= 1 && $0.isFinite } }
        guard hardest != nil || semiHard else {
            throw InvalidSetting(
                "hardest", "must be set where semi_hard is not: all negatives would be taken, as by nt_xent")
        }
    }

    /// Moves tau and the number of negatives.
    public mutating func advance(to progress: Double) {
        temperature.advance(to: progress)
        hardest?.advance(to: progress)
    }

    /// The positive dominates semi-hard negatives, so the loss consists of what float32 would round away.
    var scorePrecision: DType { semiHard ? .float64 : .float32 }

    func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor {
        var negatives = try scores.negatives()
        if semiHard {
            negatives = try negatives.maskedFill(
                scores.positives().unsqueeze(1).gt(negatives).negated(), -.infinity)
        }
        if let hardest, Int(hardest.from.rounded()) < negatives.shape[1] {
            negatives = try negatives.topk(Int(hardest.from.rounded()), dim: 1).values
        }
        return try scores.crossEntropy(negatives: negatives)
    }
}
