import Torch
import Views

/// Barlow Twins: Zbontar et al. 2021, arXiv 2103.03230, equation 1. The cross-correlation of the dimensions of two views
/// becomes the identity. There are no negatives.
///
/// `scale (sum_i (1 - C_ii)^2 + lambda sum_{i != j} C_ij^2)` with `C = b(z1)^T b(z2) / N`, where b standardizes each
/// dimension over the batch by its biased variance plus 1e-5. If all rows are equal it is `scale d`. With more than two
/// views it is the mean over all pairs of views of which at least one belongs to the first branch.
public struct BarlowTwins: Method, Loss {
    /// `barlow_twins`.
    public static let name = "barlow_twins"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 3, hidden: 8192, output: 8192))
    /// The weight of the correlations between different dimensions; at least 0.
    public var lambda = 0.005
    /// The factor of the whole loss, positive. The authors' code has used 0.024 to 0.1.
    public var scale = 1.0

    /// The paper's weight and head.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("lambda", lambda, in: 0...1e6)
        try require("scale", scale, in: 1e-9...1e6)
    }

    /// The correlations between dimensions.
    public var prevention: CollapsePrevention? {
        CollapsePrevention(
            method: BarlowTwins.name,
            cause: lambda == 0
                ? "lambda is 0, so nothing keeps dimensions from repeating each other."
                : "lambda \(lambda) has not kept dimensions from repeating each other.",
            remedy: ["method: {barlow_twins: {lambda: \(lambda < 0.005 ? 0.005 : lambda * 4)}}"],
            paper: "Zbontar et al. 2021, arXiv 2103.03230", judged: [.redundancy])
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
        let (x, y) = (try standardized(first.widened()), try standardized(second.widened()))
        let correlations = try x.transpose(0, 1).matmul(y) / Double(x.shape[0])
        let diagonal = try correlations.diagonal()
        let others = try correlations.pow(2).sum() - diagonal.pow(2).sum()
        return try ((diagonal - 1).pow(2).sum() + others * lambda) * scale
    }

    /// Dimensions of mean 0 and variance 1 over the batch.
    private func standardized(_ z: Tensor) throws(TorchError) -> Tensor {
        let centred = try z - z.mean(dim: 0, keepdim: true)
        return try centred / (centred.pow(2).mean(dim: 0, keepdim: true) + 1e-5).sqrt()
    }
}
