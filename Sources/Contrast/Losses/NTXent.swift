import Torch
import Views

/// NT-Xent, the loss of SimCLR: Chen et al. 2020, arXiv 2002.05709, equation 1.
///
/// Over the 2N views of N samples, with `s(i, j) = <z_i, z_j> / tau`, the mean of `-s(i, i+) + log sum_{j != i} e^{s(i, j)}`:
/// 2N - 2 negatives and the positive, a view never against itself. All rows equal give `log(2N - 1)`. Scores are computed
/// in float32 whatever the encoder's precision, and the maximum is subtracted before the exponential.
public struct NTXent: ContrastiveLoss {
    /// `nt_xent`.
    public static let name = "nt_xent"

    /// tau, by which similarities are divided.
    public var temperature = 0.5
    /// Whether rows are brought to the unit sphere first, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5 on normalised rows.
    public init() {}

    /// Makes a loss.
    public init(temperature: Double, normalize: Bool = true) {
        self.temperature = temperature
        self.normalize = normalize
    }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) {
        guard temperature > 0, temperature.isFinite else {
            throw InvalidSetting("temperature", "must be positive, is \(temperature)")
        }
    }

    /// The 2N - 1 other views.
    public func candidates(pairs: Int) -> Int? { 2 * pairs - 1 }

    /// The loss in nats of `[N, D]` and `[N, D]`, a scalar with a gradient.
    public func callAsFunction(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
        let pairs = first.shape[0]
        var z = try Tensor.cat([first, second], dim: 0)
        if z.dtype != .float64 { z = try z.to(.float32) }
        if normalize { z = try z.normalizedRows() }
        let scores = try z.matmul(z.transpose(0, 1)) / temperature
        let itself = try Tensor.eye(2 * pairs, dtype: .bool, device: z.device)
        // The positive of row i is row i + N: read from the same scores, so that it cancels exactly where it dominates.
        let partners = try Tensor((0..<2 * pairs).map { Int64(($0 + pairs) % (2 * pairs)) }, shape: [2 * pairs, 1])
            .to(device: z.device)
        let positives = try scores.gather(dim: 1, index: partners).squeeze(1)
        let all = try scores.maskedFill(itself, -Double.infinity).logsumexp(dim: 1)
        return try (all - positives).mean()
    }
}
