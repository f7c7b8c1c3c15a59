import Torch
import Views

/// SimCLR: Chen et al. 2020, arXiv 2002.05709. Two views of an image attract, all other views of the batch repel.
///
/// With more views than two (multi-crop) the loss is the mean over all pairs of views of which at least one belongs to
/// the first branch.
public struct SimCLR: Method {
    /// `simclr`.
    public static let name = "simclr"

    /// What follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead())
    /// The objective over pairs of embeddings.
    public var loss = Selected<LossFamily>(NTXent())

    /// An MLP head and NT-Xent.
    public init() {}

    /// Builds the head around the encoder.
    public func build(encoder: any Encoder, generator: Generator) throws(TorchError) -> any ContrastiveModel {
        SimCLRModel(
            encoder: encoder, head: try head.component.build(inputs: encoder.dimension, generator: generator),
            loss: loss.component)
    }
}

/// An encoder and a head trained by SimCLR.
final class SimCLRModel: ContrastiveModel {
    let encoder: any Encoder
    let head: any Head
    private let loss: any ContrastiveLoss

    init(encoder: any Encoder, head: any Head, loss: any ContrastiveLoss) {
        self.encoder = encoder
        self.head = head
        self.loss = loss
    }

    func objective(_ branches: [ViewTensor]) throws(TorchError) -> Objective {
        var embeddings: [Tensor] = []
        for branch in branches {
            // Both views in one batch: batch norm then sees 2N images, as in the paper's implementation.
            let all = try head(encoder(branch.images, training: true), training: true)
            embeddings += try all.chunk(branch.count, dim: 0)
        }
        var losses: [Tensor] = []
        for first in 0..<branches[0].count {
            for second in first + 1..<embeddings.count {
                losses.append(try loss(embeddings[first], embeddings[second]))
            }
        }
        let total = losses.count == 1 ? losses[0] : try Tensor.stack(losses, dim: 0).mean()
        let pairs = embeddings[0].shape[0]
        return Objective(
            loss: total, candidates: loss.candidates(pairs: pairs),
            embeddings: (try embeddings[0].detach(), try embeddings[1].detach()))
    }
}
