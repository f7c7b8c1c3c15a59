import Torch
import Views

/// A contrastive objective over the embeddings of paired views.
public protocol ContrastiveLoss: Component {
    /// The loss in nats, a scalar with a gradient.
    /// - Parameters:
    ///   - first: embeddings of one view of each sample, `[N, D]`.
    ///   - second: embeddings of the other, row by row, `[N, D]`.
    func callAsFunction(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor

    /// Candidates among which the objective picks the positive, for N pairs: log of it minus the loss bounds the mutual
    /// information from below. Nil where the objective bounds nothing.
    func candidates(pairs: Int) -> Int?
}

/// The losses that a pipeline file can name.
public enum LossFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any ContrastiveLoss>(kind: "a loss", [NTXent.self])
}
