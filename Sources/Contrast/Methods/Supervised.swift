import Torch
import Views

/// A plain classifier, the control that contrastive features are held against: the cross-entropy of a linear layer on the
/// encoder's features, `-log softmax(W f + b)[y]`.
///
/// The mean runs over all views of all images of known class; one view an image suffices. The layer is no head: it is thrown
/// away, and the encoder is probed as any other.
public struct Supervised: Method {
    /// `supervised`.
    public static let name = "supervised"

    /// No settings.
    public init() {}

    /// The label stands for the other view.
    public var minimumViews: Int { 1 }

    /// Classes attract and repel images, pairs do not.
    public var contrasts: Bool { false }

    /// It learns nothing else.
    public var labelUse: LabelUse { .required }

    /// Checks that there are classes to tell apart.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {
        guard classes >= 2 else {
            throw InvalidSetting(
                "", "needs images in two class folders at least, there are \(classes); without labels take simclr")
        }
    }

    /// Builds the encoder beside a layer for two classes, which evaluation has no use for.
    public func build(
        encoder: any EncoderArchitecture, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try build(encoder: encoder, images: 1, classes: 2, generator: generator)
    }

    /// Builds the encoder and the layer.
    public func build(
        encoder: any EncoderArchitecture, images: Int, classes: Int, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let network = try encoder.build(generator: generator)
        return SupervisedModel(
            encoder: network, classifier: try Linear(network.dimension, classes, generator: generator))
    }
}

/// An encoder and the classifier it is trained with.
final class SupervisedModel: ContrastiveModel {
    let encoder: any Encoder
    let head: any Head = Identity()
    private let classifier: Linear

    init(encoder: any Encoder, classifier: Linear) {
        self.encoder = encoder
        self.classifier = classifier
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        var features: [Tensor] = []
        for branch in batch.branches {
            let all = try batch.pass(branch.images, through: [encoder]) { [self] part throws(TorchError) in
                try encoder(part, training: true)
            }
            features += try all.chunk(branch.count, dim: 0)
        }
        features = try batch.gather(features)
        let labels = batch.labels ?? []
        let known = labels.indices.filter { labels[$0] >= 0 }
        guard labels.count == features[0].shape[0], !known.isEmpty else {
            throw TorchError(
                operation: Supervised.name, message: "none of the \(features[0].shape[0]) images of a batch has a label"
            )
        }
        let device = features[0].device
        let rows = try Tensor(known.map(Int64.init), shape: [known.count]).to(device: device)
        let classes = try Tensor(known.map { Int64(labels[$0]) }, shape: [known.count, 1]).to(device: device)
        var losses: [Tensor] = []
        for view in features {
            // Losses are computed in float32, however the networks round.
            let scores = try classifier(view.indexSelect(dim: 0, index: rows).widened()).logSoftmax(dim: 1)
            losses.append(try -scores.gather(dim: 1, index: classes).mean())
        }
        let first = try features[0].detach()
        return Objective(
            loss: try mean(losses), candidates: nil, contrast: nil,
            embeddings: (first, features.count > 1 ? try features[1].detach() : first))
    }
}
