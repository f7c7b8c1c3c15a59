import Foundation
import Torch
import Views

/// Alignment and uniformity, optimized directly: Wang & Isola 2020, arXiv 2005.10242, section 4.
///
/// `a mean |z1 - z2|^alpha + u (U(z1) + U(z2)) / 2`, where `U(z) = log mean_{i < j} e^{-t |z_i - z_j|^2}` over the
/// pairs of one view. It picks no positive among candidates, so it bounds nothing. If all rows are equal it is 0.
public struct AlignmentUniformity: LossSettings, Loss {
    /// `alignment_uniformity`.
    public static let name = "alignment_uniformity"

    /// a, the weight of alignment; at least 0.
    public var alignment = 1.0
    /// u, the weight of uniformity; at least 0.
    public var uniformity = 1.0
    /// The power of the distance between positives.
    public var alpha = 2.0
    /// The rate at which repulsion falls off with the squared distance.
    public var t = 2.0
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// Weights 1, alpha 2 and t 2, on normalized rows.
    public init() {}

    /// Checks that weights are at least 0 and not both 0, and that alpha and t are positive.
    public func validate() throws(InvalidSetting) {
        try require("alignment", alignment, in: 0...1e6)
        try require("uniformity", uniformity, in: 0...1e6)
        if alignment == 0, uniformity == 0 {
            throw InvalidSetting("uniformity", "must not be 0 if alignment is 0: nothing would be learned")
        }
        try require("alpha", alpha, in: 0.01...100)
        try require("t", t, in: 1e-6...1e6)
    }

    /// Bounds nothing.
    public func candidates(pairs: Int) -> Int? { nil }

    /// The loss of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor, labels: LabelSets?) throws(TorchError) -> Tensor {
        var (x, y) = (try first.widened(), try second.widened())
        if normalize { (x, y) = (try x.normalizedRows(), try y.normalizedRows()) }
        var distance = try (x - y).pow(2).sum(dim: 1)
        // The root has no gradient at 0.
        if alpha != 2 { distance = try distance.clamp(min: 1e-24).pow(alpha / 2) }
        let spread = try (potential(x) + potential(y)) / 2
        return try distance.mean() * alignment + spread * uniformity
    }

    /// U of one view's rows.
    private func potential(_ z: Tensor) throws(TorchError) -> Tensor {
        let count = z.shape[0]
        let squares = try z.pow(2).sum(dim: 1, keepdim: true)
        let distances = try squares + squares.transpose(0, 1) - z.matmul(z.transpose(0, 1)) * 2
        let itself = try Tensor.eye(count, dtype: .bool, device: z.device)
        let logits = try (distances * -t).maskedFill(itself, -Double.infinity)
        // Each pair is counted twice, in the sum as in the count.
        return try logits.reshape([-1]).logsumexp(dim: 0) - log(Double(count * (count - 1)))
    }
}
