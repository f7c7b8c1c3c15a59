import Foundation
import Torch
import Views

/// Cancellation of false negatives: Huynh et al. 2022, arXiv 2011.11765, equations 3 and 4.
///
/// A negative that resembles another view of the anchor, its support, is likely of the anchor's class. F(i) are the `top`
/// negatives of anchor i by cosine with the support (the positive here), of those that reach `threshold`. Eliminated, they
/// leave NT-Xent's denominator; attracted, they are positives too: the mean over i and F(i) of
/// `-s(i, f) + log sum_{j != i} e^{s(i, j)}`. The choice has no gradient. Without any it is NT-Xent. It bounds no mutual
/// information: what is reported beside it is NT-Xent's bound on the same scores.
public struct FNC: ContrastiveLoss, PairLoss {
    /// `fnc`.
    public static let name = "fnc"

    /// What becomes of suspected false negatives.
    public enum Strategy: String, Codable, Sendable {
        /// They are no negatives.
        case eliminate
        /// They are positives.
        case attract
    }

    /// tau, by which similarities are divided.
    public var temperature: Course = 0.5
    /// Negatives of an anchor that are suspected, at most; 0 for none, as at the beginning of a course.
    public var top: Course = 8.0
    /// The least cosine with the support of a suspect, -1...1.
    public var threshold: Course = 0.7
    /// What becomes of them.
    public var strategy = Strategy.eliminate
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph; suspicion goes by the
    /// cosine in any case.
    public var normalize = true

    /// At most 8, from a cosine of 0.7 on, are eliminated.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, top: Int, threshold: Double, strategy: Strategy, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.top = Course(Double(top))
        self.threshold = Course(threshold)
        self.strategy = strategy
        self.normalize = normalize
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try require("top", top, "at least 0") { $0 >= 0 && $0.isFinite }
        try require("threshold", threshold, "in -1...1") { $0 >= -1 && $0 <= 1 }
    }

    /// Checks that an anchor keeps a negative.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {
        let most = max(top.from, top.to)
        guard most < Double(2 * pairs - 2) else {
            throw InvalidSetting("top", "must leave one of the \(2 * pairs - 2) negatives, is \(Int(most))")
        }
    }

    /// The 2N - 1 of NT-Xent.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        let scores = try ViewScores(first, second, temperature: temperature.from, normalize: normalize)
        let support = try Tensor.cat([second.widened(), first.widened()], dim: 0).detach().normalizedRows()
        let views = try Tensor.cat([first.widened(), second.widened()], dim: 0).detach().normalizedRows()
        return try loss(scores, resemblance: support.matmul(views.transpose(0, 1)))
    }

    /// - Parameter resemblance: cosines of each anchor's support with its negatives, `[A, M]`.
    private func loss(_ scores: some AnchorScores, resemblance: Tensor) throws(TorchError) -> Tensor {
        let negatives = try scores.negatives()
        let suspected = try suspects(of: negatives, resemblance: resemblance)
        switch strategy {
        case .eliminate:
            return try queueCrossEntropy(scores.positives, negatives.maskedFill(suspected, -.infinity))
        case .attract:
            let all = try Tensor.cat([scores.positives.unsqueeze(1), negatives], dim: 1).logsumexp(dim: 1)
            let weights = try suspected.to(negatives.dtype)
            // Columns that are none have scores of -infinity, which times 0 would be no number.
            let attracted = try Tensor.where(suspected, negatives, Tensor.zeros([], dtype: negatives.dtype))
            let sum = try scores.positives + attracted.sum(dim: 1)
            return try (all - sum / (weights.sum(dim: 1) + 1)).mean()
        }
    }

    /// True where a negative is suspected, `[A, M]`.
    private func suspects(of negatives: Tensor, resemblance: Tensor) throws(TorchError) -> Tensor {
        try withoutGradients { () throws(TorchError) in
            let none = try negatives.isFinite().eq(Tensor.zeros([], dtype: .bool))
            let candidates = try resemblance.maskedFill(none, -2)
            let count = min(Int(top.from.rounded()), candidates.shape[1])
            guard count > 0 else { return try candidates.gt(Tensor.full([], 2, dtype: candidates.dtype)) }
            let (values, places) = try candidates.topk(count, dim: 1)
            // Just below, so that what equals the threshold reaches it.
            let reach = try values.gt(Tensor.full([], threshold.from - 1e-7, dtype: values.dtype)).to(values.dtype)
            let marks = try Tensor.zeros(candidates.shape, dtype: values.dtype)
            return try marks.scatterAdd(dim: 1, index: places, source: reach)
                .gt(Tensor.full([], 0.5, dtype: values.dtype))
        }
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(first, second, temperature: temperature.from, normalize: normalize)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        now.top = top.at(progress)
        now.threshold = threshold.at(progress)
        return now
    }
}

extension FNC: QueueObjective, QueueLoss {
    /// The loss with the negatives of a queue; the support is the key.
    public func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        let support = try keys.widened().detach().normalizedRows()
        return try loss(
            QueueScores(queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize),
            resemblance: support.matmul(negatives.widened().detach().normalizedRows().transpose(0, 1)))
    }

    /// MoCo's loss over the same scores.
    public func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(
            queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize)
    }
}
