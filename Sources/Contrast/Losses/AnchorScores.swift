import Torch

/// The scores `s = <z_i, z_j> / tau` of anchors with their positives and negatives, from a batch or from a queue.
protocol AnchorScores {
    /// s(i, i+), `[A]`.
    func positives() throws(TorchError) -> Tensor

    /// Scores with the negatives, `[A, M]`; -infinity where a column is no negative.
    func negatives() throws(TorchError) -> Tensor

    /// The number of negatives of an anchor.
    var negativeCount: Int { get }

    /// Cosines of each anchor's positive with the columns of `negatives`, `[A, M]`, without a gradient.
    func positiveCosines() throws(TorchError) -> Tensor

    /// The mean of `log sum_j e^{s(i, j)} - s(i, i+)` over anchors, without the matrix of scores where `ProductEntropy`
    /// serves.
    /// - Parameter decoupled: whether the sum leaves out the positive.
    func crossEntropy(decoupled: Bool) throws(TorchError) -> Tensor

    /// The mean over anchors of their losses, `[A]`, in the precision of the embeddings, at least float32.
    func mean(_ losses: Tensor) throws(TorchError) -> Tensor
}

extension AnchorScores {
    /// The mean of `log(e^{s(i, i+)} + sum_j e^{n(i, j)}) - s(i, i+)` with other negatives, `[A, M]`.
    func crossEntropy(negatives: Tensor) throws(TorchError) -> Tensor {
        let positives = try positives()
        let all = try Tensor.cat([positives.unsqueeze(1), negatives], dim: 1)
        return try mean(all.logsumexp(dim: 1) - positives)
    }
}
