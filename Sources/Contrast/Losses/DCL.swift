import Torch
import Views

/// Decoupled contrastive learning: Yeh et al. 2021, arXiv 2110.06848, equation 6.
///
/// NT-Xent without the positive in the denominator: over the 2N views, the mean of `-s(i, i+) + log sum_neg e^{s(i, j)}`
/// with 2N - 2 negatives. May be negative, and bounds no mutual information: what is reported beside it is NT-Xent's bound
/// on the same scores. All rows equal give `log(2N - 2)`.
public struct DCL: ContrastiveLoss, PairLoss {
    /// `dcl`.
    public static let name = "dcl"

    /// tau, by which similarities are divided.
    public var temperature: Course = 0.1
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.1 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.normalize = normalize
    }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) { try requireTemperature(temperature) }

    /// The 2N - 1 of NT-Xent.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        try ViewScores.contrast(
            first, second, temperature: temperature.from, normalize: normalize, decoupled: true)
    }

    /// NT-Xent of the same scores.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(first, second, temperature: temperature.from, normalize: normalize)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        return now
    }
}

extension DCL: QueueObjective, QueueLoss {
    /// The loss with the K negatives of a queue.
    public func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        try QueueScores.contrast(
            queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize, decoupled: true)
    }

    /// MoCo's loss over the same scores.
    public func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor? {
        try NTXent.contrast(
            queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize)
    }
}
