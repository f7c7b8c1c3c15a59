import Torch
import Views

/// NT-Xent, the loss of SimCLR: Chen et al. 2020, arXiv 2002.05709, equation 1. Over a queue it is MoCo's loss: He et
/// al. 2020, arXiv 1911.05722, equation 1.
///
/// Over the 2N views of N images, with `s(i, j) = <z_i, z_j> / tau`, the mean of
/// `-s(i, i+) + log sum_{j != i} e^{s(i, j)}`: 2N - 2 negatives and the positive, never a view with itself. If all rows
/// are equal it is `log(2N - 1)`. Scores are float32 or wider whatever the encoder's precision. The CPU never holds
/// their matrix, see `ProductEntropy`.
public struct NTXent: AnchorLoss {
    /// `nt_xent`.
    public static let name = "nt_xent"
    static let isInfoNCE = true

    /// tau, which divides the similarities.
    public var temperature: ScheduledValue = 0.5
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.5 on normalized rows.
    public init() {}

    func loss(_ scores: some AnchorScores) throws(TorchError) -> Tensor { try scores.crossEntropy(decoupled: false) }
}
