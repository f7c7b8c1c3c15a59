import Torch

/// The scores of anchors with their positive and with their negatives, wherever these come from.
protocol AnchorScores {
    /// s(i, i+), `[A]`.
    var positives: Tensor { get }
    /// Negatives of an anchor.
    var negativeCount: Int { get }
    /// Scores with the negatives, `[A, M]`, -infinity where a column is none.
    func negatives() throws(TorchError) -> Tensor
    /// InfoNCE over these scores, the positive in the denominator.
    func contrast() throws(TorchError) -> Tensor
}

/// The scores of the 2N views of N samples with each other, which NT-Xent and its relatives share:
/// `s(i, j) = <z_i, z_j> / tau`, the first views before the second ones, the positive of row i in row i + N.
struct ViewScores: AnchorScores {
    /// `[2N, 2N]`, a view with itself included.
    let all: Tensor
    /// s(i, i+), `[2N]`.
    let positives: Tensor
    /// True on the diagonal.
    private let itself: Tensor
    private let partners: Tensor

    /// Scores in float32 or wider, whatever the encoder's precision.
    /// - Parameter dtype: float64 where rounding is multiplied by what follows.
    init(
        _ first: Tensor, _ second: Tensor, temperature: Double, normalize: Bool, dtype: DType = .float32
    ) throws(TorchError) {
        let rows = 2 * first.shape[0]
        var z = try Tensor.cat([first.widened(), second.widened()], dim: 0)
        if dtype == .float64 { z = try z.to(dtype) }
        if normalize { z = try z.normalizedRows() }
        all = try z.matmul(z.transpose(0, 1)) / temperature
        itself = try Tensor.eye(rows, dtype: .bool, device: z.device)
        // Made where it is needed: a copy to a GPU would wait for all that it still computes.
        let places = try Tensor.arange(rows, device: z.device)
        partners = try Tensor.cat(
            [
                places.narrow(dim: 0, start: rows / 2, length: rows / 2),
                places.narrow(dim: 0, start: 0, length: rows / 2),
            ], dim: 0
        ).unsqueeze(1)
        // Read from the same scores, so that the positive cancels exactly where it dominates.
        positives = try all.gather(dim: 1, index: partners).squeeze(1)
    }

    /// The scores of a view with the 2N - 1 others; -infinity with itself.
    func others() throws(TorchError) -> Tensor { try all.maskedFill(itself, -Double.infinity) }

    /// The scores of a view with the 2N - 2 negatives; -infinity with itself and with its positive.
    func negatives() throws(TorchError) -> Tensor {
        let rows = all.shape[0]
        let columns = try Tensor.arange(rows, device: all.device).unsqueeze(0)
        return try others().maskedFill(columns.eq(partners), -Double.infinity)
    }

    /// 2N - 2.
    var negativeCount: Int { all.shape[0] - 2 }

    /// NT-Xent of embeddings, or with `decoupled` DCL's loss; in tiles where these can be computed with, else over the matrix.
    static func contrast(
        _ first: Tensor, _ second: Tensor, temperature: Double, normalize: Bool, decoupled: Bool = false
    ) throws(TorchError) -> Tensor {
        var z = try Tensor.cat([first.widened(), second.widened()], dim: 0)
        guard ProductEntropy.serves(z) else {
            let scores = try ViewScores(first, second, temperature: temperature, normalize: normalize)
            return decoupled ? try scores.decoupled() : try scores.contrast()
        }
        if normalize { z = try z.normalizedRows() }
        return try ProductEntropy(scale: 1 / temperature, decoupled: decoupled).ofViews(z)
    }

    /// NT-Xent over these scores: mean of `log sum_{j != i} e^{s(i, j)} - s(i, i+)`.
    func contrast() throws(TorchError) -> Tensor { try (others().logsumexp(dim: 1) - positives).mean() }
}

extension AnchorScores {
    /// DCL's loss over these scores: without the positive in the denominator.
    func decoupled() throws(TorchError) -> Tensor { try (negatives().logsumexp(dim: 1) - positives).mean() }
}

extension Tensor {
    /// In float32 where it is narrower.
    func widened() throws(TorchError) -> Tensor { dtype == .float64 ? self : try to(.float32) }

    /// The diagonal of a square matrix, `[N]`.
    func diagonal() throws(TorchError) -> Tensor {
        try gather(dim: 1, index: Tensor.arange(shape[0], device: device).unsqueeze(1)).squeeze(1)
    }

    /// The larger of two, element by element, gradients included.
    func larger(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.where(gt(other), self, other) }
}
