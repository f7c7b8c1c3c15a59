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

    /// Builds the encoder and the head.
    public func build(
        encoder: any EncoderArchitecture, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let encoder = try encoder.build(generator: generator)
        let network = try head.component.build(inputs: encoder.dimension, generator: generator)
        let dimension = head.component.dimension(inputs: encoder.dimension)
        return SimCLRModel(
            encoder: encoder, head: network,
            loss: try loss.component.build(dimension: dimension, generator: generator))
    }

    /// What its loss does with them.
    public var labelUse: LabelUse { loss.component.labelUse }

    /// Checks the loss against the data.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {
        try loss.validate(pairs: pairs, classes: classes)
    }
}

/// An encoder and a head trained by SimCLR.
final class SimCLRModel: ContrastiveModel {
    let encoder: any Encoder
    let head: any Head
    private let loss: any PairLoss
    var critic: (any ScoreFunction)? { (loss as? InfoNCELoss)?.critic }

    init(encoder: any Encoder, head: any Head, loss: any PairLoss) {
        self.encoder = encoder
        self.head = head
        self.loss = loss
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        var embeddings: [Tensor] = []
        let branches = batch.branches
        for branch in branches {
            // Both views in one batch: batch norm then sees 2N images, as in the paper's implementation.
            let all = try batch.pass(branch.images, through: [encoder, head]) { [self] part throws(TorchError) in
                try head(encoder(part, training: true), training: true)
            }
            embeddings += try all.chunk(branch.count, dim: 0)
        }
        embeddings = try batch.gather(embeddings)
        let loss = loss.at(batch.progress)
        var losses: [Tensor] = []
        var contrasts: [Tensor] = []
        for first in 0..<branches[0].count {
            for second in first + 1..<embeddings.count {
                losses.append(try loss(embeddings[first], embeddings[second], labels: batch.labels))
                if let contrast = try loss.contrast(embeddings[first], embeddings[second]) {
                    contrasts.append(contrast)
                }
            }
        }
        let pairs = embeddings[0].shape[0]
        return Objective(
            loss: try mean(losses), candidates: loss.candidates(pairs: pairs),
            contrast: contrasts.isEmpty ? nil : try mean(contrasts),
            embeddings: try compared(embeddings[0], embeddings[1]))
    }
}

/// The mean of scalars.
func mean(_ scalars: [Tensor]) throws(TorchError) -> Tensor {
    scalars.count == 1 ? scalars[0] : try Tensor.stack(scalars, dim: 0).mean()
}
