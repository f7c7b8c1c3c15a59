import Torch
import Views

/// VICReg: Bardes, Ponce & LeCun 2022, arXiv 2105.04906, equation 6. Views of an image attract, each dimension keeps a
/// standard deviation of 1 over the batch, and dimensions are decorrelated. There are no negatives.
///
/// `i s(z1, z2) + v (h(z1) + h(z2)) / 2 + c (k(z1) + k(z2))`, where s is the mean squared difference over all N d
/// elements, `h(z) = mean_j relu(1 - sqrt(var(z_j) + 1e-4))`, and `k(z) = sum_{i != j} cov(z)_ij^2 / d`. Variances and
/// covariances divide by N - 1. If all rows are equal it is 0.99 v. With more than two views it is the mean over all
/// pairs of views of which at least one belongs to the first branch.
public struct VICReg: Method, Loss {
    /// `vicreg`.
    public static let name = "vicreg"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 3, hidden: 8192, output: 8192))
    /// i, the weight of the squared difference of views; at least 0.
    public var invariance = 25.0
    /// v, the weight of the variance term; at least 0.
    public var variance = 25.0
    /// c, the weight of the covariance term; at least 0.
    public var covariance = 1.0

    /// The paper's weights and head.
    public init() {}

    /// Checks that weights are at least 0.
    public func validate() throws(InvalidSetting) {
        try require("invariance", invariance, in: 0...1e6)
        try require("variance", variance, in: 0...1e6)
        try require("covariance", covariance, in: 0...1e6)
    }

    /// The variance of each dimension, and the covariances.
    public var prevention: CollapsePrevention? {
        CollapsePrevention(
            method: VICReg.name,
            cause: variance == 0
                ? "variance is 0, so nothing keeps embeddings from shrinking to a point."
                : "variance \(variance) has not kept a standard deviation of 1 in each dimension.",
            remedy: ["method: {vicreg: {variance: \(variance < 25 ? 25 : variance * 2)}}"],
            paper: "Bardes et al. 2022, arXiv 2105.04906, table 7", judged: [.scale, .redundancy])
    }

    /// Builds the projector.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        SimCLRModel(try Projector(encoder: encoder, head: head.component, generator: generator), self)
    }

    /// Bounds nothing.
    public func candidates(pairs: Int) -> Int? { nil }

    /// The loss of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: LabelSets?) throws(TorchError) -> Tensor {
        let (x, y) = (try first.widened(), try second.widened())
        let regularizers = try (spread(x) + spread(y))
        return try (x - y).pow(2).mean() * invariance + regularizers
    }

    /// `v h(z) / 2 + c k(z)`.
    private func spread(_ z: Tensor) throws(TorchError) -> Tensor {
        let (count, width) = (z.shape[0], z.shape[1])
        guard count > 1 else { throw TorchError(operation: VICReg.name, message: "needs a batch of two images") }
        let centred = try z - z.mean(dim: 0, keepdim: true)
        let covariances = try centred.transpose(0, 1).matmul(centred) / Double(count - 1)
        let variances = try covariances.diagonal()
        let hinge = try (-(variances + 1e-4).sqrt() + 1).relu().mean()
        let offDiagonal = try (covariances.pow(2).sum() - variances.pow(2).sum()) / Double(width)
        return try hinge * (variance / 2) + offDiagonal * covariance
    }
}
