import Torch
import Views

/// Cancellation of false negatives: Huynh et al. 2022, arXiv 2011.11765, equations 3 and 4.
///
/// A negative that resembles another view of the anchor, its support, is probably of the anchor's class. F(i) are the
/// `top` negatives of anchor i by cosine with the support (the positive here), of those that reach `threshold`.
/// Eliminated, they leave NT-Xent's denominator. Attracted, they are positives too: the mean over i and F(i) of
/// `-s(i, f) + log sum_{j != i} e^{s(i, j)}`. The choice has no gradient. Without any it is NT-Xent. It bounds no
/// mutual information, so NT-Xent's bound on the same scores is reported beside it.
public struct FNC: AnchorLoss {
    /// `fnc`.
    public static let name = "fnc"

    /// What happens to suspected false negatives.
    public enum Strategy: String, Codable, Sendable {
        /// They are no longer negatives.
        case eliminate
        /// They become positives.
        case attract
    }

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.5
    /// The largest number of suspected negatives of an anchor; 0 for none, as at the beginning of a schedule.
    public var top: ScheduledValue = 8.0
    /// The smallest cosine of a suspect with the support, -1...1.
    public var threshold: ScheduledValue = 0.7
    /// What happens to suspects.
    public var strategy = Strategy.eliminate
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph. Suspects are found by cosine in
    /// any case.
    public var normalize = true

    /// Eliminates at most 8 with a cosine of at least 0.7.
    public init() {}

    /// Checks that the temperature is positive, `top` at least 0 and the threshold a cosine.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try require("top", top, "at least 0") { $0 >= 0 && $0.isFinite }
        try require("threshold", threshold, "in -1...1") { $0 >= -1 && $0 <= 1 }
    }

    /// Checks that an anchor keeps a negative.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {
        let (most, negatives) = (max(top.from, top.to), 2 * data.pairs - 2)
        guard most < Double(negatives) else {
            throw InvalidSetting("top", "must leave one of the \(negatives) negatives, is \(Int(most))")
        }
    }

    /// Moves tau, `top` and the threshold.
    public mutating func advance(to progress: Double) {
        temperature.advance(to: progress)
        top.advance(to: progress)
        threshold.advance(to: progress)
    }

    func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor {
        let negatives = try scores.negatives()
        let suspected = try suspects(of: negatives, cosines: scores.positiveCosines())
        switch strategy {
        case .eliminate: return try scores.crossEntropy(negatives: negatives.maskedFill(suspected, -.infinity))
        case .attract:
            let positives = try scores.positives()
            let all = try Tensor.cat([positives.unsqueeze(1), negatives], dim: 1).logsumexp(dim: 1)
            let count = try suspected.to(negatives.dtype).sum(dim: 1) + 1
            // Scores of columns that are no negatives are -infinity, which times 0 is NaN.
            let attracted = try Tensor.where(suspected, negatives, Tensor.zeros([], dtype: negatives.dtype))
            return try scores.mean(all - (positives + attracted.sum(dim: 1)) / count)
        }
    }

    /// True where a negative is suspected, `[A, M]`.
    private func suspects(of negatives: Tensor, cosines: Tensor) throws(TorchError) -> Tensor {
        try withoutGradients { () throws(TorchError) in
            let candidates = try cosines.maskedFill(negatives.isFinite().negated(), -2)
            let count = min(Int(top.from.rounded()), candidates.shape[1])
            guard count > 0 else { return try candidates.gt(Tensor.full([], 2, dtype: candidates.dtype)) }
            let (values, columns) = try candidates.topk(count, dim: 1)
            // Slightly below, so that a cosine equal to the threshold reaches it.
            let reaches = try values.gt(Tensor.full([], threshold.from - 1e-7, dtype: values.dtype)).to(values.dtype)
            let marks = try Tensor.zeros(candidates.shape, dtype: values.dtype, device: values.device)
            return try marks.scatterAdd(dim: 1, index: columns, source: reaches)
                .gt(Tensor.full([], 0.5, dtype: values.dtype))
        }
    }
}
