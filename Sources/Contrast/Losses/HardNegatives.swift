import Foundation
import Torch
import Views

/// NT-Xent over mined negatives: the most similar ones only (top-k), or only those that are less similar than the positive
/// (semi-hard: Schroff et al. 2015, arXiv 1503.03832, section 3.2), or both.
///
/// The mean of `-s(i, i+) + log(e^{s(i, i+)} + sum_{j in M(i)} e^{s(i, j)})`, where M(i) are the `hardest` negatives of anchor
/// i among those that `semi_hard` leaves. An anchor without any has loss 0. With all of them it is NT-Xent. Which negatives
/// are taken has no gradient. It bounds no mutual information: what is reported beside it is NT-Xent's bound on the same
/// scores. The hardest negatives are where false ones are: `hcl`, `debiased` and `fnc` answer to that.
public struct HardNegatives: ContrastiveLoss, PairLoss {
    /// `hard_negatives`.
    public static let name = "hard_negatives"

    /// tau, by which similarities are divided.
    public var temperature: Course = 0.5
    /// Negatives of an anchor that count, the most similar ones; at least 1, all where it is not set.
    public var hardest: Course?
    /// Whether negatives that are at least as similar as the positive are left out.
    public var semiHard = false
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// The 64 hardest at tau 0.5, on normalised rows.
    public init() { hardest = 64.0 }

    /// Makes a loss.
    public init(temperature: Double, hardest: Int?, semiHard: Bool = false, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.hardest = hardest.map { Course(Double($0)) }
        self.semiHard = semiHard
        self.normalize = normalize
    }

    /// Checks that the temperature is positive, and that there is anything to mine.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        if let hardest { try require("hardest", hardest, "at least 1") { $0 >= 1 && $0.isFinite } }
        guard hardest != nil || semiHard else {
            throw InvalidSetting(
                "hardest", "must be set where semi_hard is not: all negatives would be taken, as by nt_xent")
        }
    }

    /// The 2N - 1 of NT-Xent.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        try loss(
            ViewScores(first, second, temperature: temperature.from, normalize: normalize, dtype: precision)
        ).to(first.widened().dtype)
    }

    /// Where the positive dominates, as it always does semi-hard negatives, the rounding of scores is all that is seen.
    private var precision: DType { semiHard ? .float64 : .float32 }

    private func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor {
        let positives = scores.positives
        var negatives = try scores.negatives()
        if semiHard {
            negatives = try negatives.maskedFill(
                positives.unsqueeze(1).gt(negatives).eq(Tensor.zeros([], dtype: .bool)), -.infinity)
        }
        if let hardest, Int(hardest.from.rounded()) < negatives.shape[1] {
            negatives = try negatives.topk(Int(hardest.from.rounded()), dim: 1).values
        }
        return try queueCrossEntropy(positives, negatives)
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(first, second, temperature: temperature.from, normalize: normalize)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        now.hardest = hardest?.at(progress)
        return now
    }
}

extension HardNegatives: QueueObjective, QueueLoss {
    /// The loss with the negatives of a queue.
    public func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        try loss(
            QueueScores(
                queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize,
                dtype: precision)
        ).to(queries.widened().dtype)
    }

    /// MoCo's loss over the same scores.
    public func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(
            queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize)
    }
}
