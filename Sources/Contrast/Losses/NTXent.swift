import Torch
import Views

/// NT-Xent, the loss of SimCLR: Chen et al. 2020, arXiv 2002.05709, equation 1.
///
/// Over the 2N views of N samples, with `s(i, j) = <z_i, z_j> / tau`, the mean of `-s(i, i+) + log sum_{j != i} e^{s(i, j)}`:
/// 2N - 2 negatives and the positive, a view never against itself. All rows equal give `log(2N - 1)`. Scores are computed
/// in float32 whatever the encoder's precision, and the maximum is subtracted before the exponential. On the CPU their matrix is
/// never held, see `ProductEntropy`.
public struct NTXent: ContrastiveLoss, PairLoss {
    /// `nt_xent`.
    public static let name = "nt_xent"

    /// tau, by which similarities are divided.
    public var temperature: Course = 0.5
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.normalize = normalize
    }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) { try requireTemperature(temperature) }

    /// The 2N - 1 other views.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        try ViewScores.contrast(first, second, temperature: temperature.from, normalize: normalize)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        return now
    }
}

extension NTXent: QueueObjective, QueueLoss {
    /// MoCo's loss, K + 1 candidates: He et al. 2020, arXiv 1911.05722, equation 1.
    public func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        try QueueScores.contrast(
            queries, keys, negatives: negatives, temperature: temperature.from, normalize: normalize)
    }

    /// The bound's loss for objectives over the same queue that bound nothing themselves.
    static func contrast(
        _ queries: Tensor, _ keys: Tensor, negatives: Tensor, temperature: Double, normalize: Bool
    ) throws(TorchError) -> Tensor {
        try withoutGradients { () throws(TorchError) in
            try QueueScores.contrast(
                queries, keys, negatives: negatives, temperature: temperature, normalize: normalize)
        }
    }
}

extension NTXent {
    /// The bound's loss for objectives over the same scores that bound nothing themselves.
    static func contrast(
        _ first: Tensor, _ second: Tensor, temperature: Double, normalize: Bool
    ) throws(TorchError) -> Tensor {
        try withoutGradients { () throws(TorchError) in
            try ViewScores.contrast(first, second, temperature: temperature, normalize: normalize)
        }
    }
}
