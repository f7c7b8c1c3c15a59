import Torch
import Views

/// Decoupled contrastive learning with weighted positives: Yeh et al. 2021, arXiv 2110.06848, equation 7.
///
/// `DCL` with `-w_i s(i, i+)` for the positives, `w_i = 2 - N softmax_i(<z1_i, z2_i> / sigma)` over the N pairs of the
/// batch: pairs that lie far apart weigh more. The weights are 1 in the mean, the same for both views, and no gradient flows
/// through them. All rows equal give `log(2N - 2)`.
public struct DCLW: ContrastiveLoss, PairLoss {
    /// `dclw`.
    public static let name = "dclw"

    /// tau, by which similarities are divided.
    public var temperature: Course = 0.1
    /// How far the weights are evened out; in units of the similarity.
    public var sigma = 0.5
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.1 and sigma 0.5 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, sigma: Double = 0.5, normalize: Bool = true) {
        self.temperature = Course(temperature)
        self.sigma = sigma
        self.normalize = normalize
    }

    /// Checks that the temperature and sigma are positive.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try requireTemperature(Course(sigma), key: "sigma")
    }

    /// The 2N - 1 of NT-Xent.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        let scores = try ViewScores(first, second, temperature: temperature.from, normalize: normalize)
        let pairs = first.shape[0]
        // s holds the similarity divided by tau.
        let closeness =
            try scores.positives.detach().narrow(dim: 0, start: 0, length: pairs) * (temperature.from / sigma)
        let weights = try closeness.softmax(dim: 0) * -Double(pairs) + 2
        let positives = try scores.positives * Tensor.cat([weights, weights], dim: 0)
        return try (scores.negatives().logsumexp(dim: 1) - positives).mean()
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
