import Torch
import Views

/// Decoupled contrastive learning with weighted positives: Yeh et al. 2021, arXiv 2110.06848, equation 7.
///
/// `DCL` with `-w_i s(i, i+)` for the positives, `w_i = 2 - N softmax_i(<z1_i, z2_i> / sigma)` over the N pairs of the
/// batch: distant pairs weigh more. The mean weight is 1, both views of an image share a weight, and no gradient flows
/// through it. If all rows are equal it is `log(2N - 2)`.
public struct DCLW: SimilarityLoss {
    /// `dclw`.
    public static let name = "dclw"

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.1
    /// The temperature of the weights; larger values even them out.
    public var sigma = 0.5
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.1 and sigma 0.5 on normalized rows.
    public init() {}

    /// Checks that the temperature and sigma are positive.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(temperature)
        try requireTemperature(ScheduledValue(sigma), key: "sigma")
    }

    func loss(_ scores: ViewScores, labels: LabelSets?) throws(TorchError) -> Tensor {
        let positives = try scores.positives()
        // s is the similarity divided by tau.
        let closeness = try positives.detach().reshape([-1, scores.images]) * (temperature.from / sigma)
        let weights = try (closeness.softmax(dim: 1) * -Double(scores.images) + 2).reshape([-1])
        return try scores.mean(scores.negatives().logsumexp(dim: 1) - positives * weights)
    }
}
