import Torch
import Views

/// A classifier, as a baseline: the cross entropy of a linear layer on the encoder's features,
/// `-log softmax(W f + b)[y]`.
///
/// The mean is over all views of all images of known class; one view of an image is enough. The layer is no head: it is
/// discarded, and the encoder is probed like any other.
public struct Supervised: Method {
    /// `supervised`.
    public static let name = "supervised"

    /// No settings.
    public init() {}

    /// One view, as the label is the target; no pairs.
    public var requirements: MethodRequirements { MethodRequirements(views: 1, pairs: false, labels: .required) }

    /// Checks that there are two classes.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {
        guard data.classes >= 2 else {
            throw InvalidSetting(
                "", "needs images in at least two class folders, there are \(data.classes); without labels use simclr")
        }
    }

    /// Builds the encoder and the layer, for two classes if there are none.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let projector = try Projector(encoder: encoder, head: IdentityHead(), generator: generator)
        return SupervisedModel(
            projector, classifier: try Linear(projector.dimension, max(data.classes, 2), generator: generator))
    }
}

/// An encoder and the classifier with which it is trained.
final class SupervisedModel: ContrastiveModel {
    let projector: Projector
    private let classifier: Linear

    init(_ projector: Projector, classifier: Linear) {
        self.projector = projector
        self.classifier = classifier
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let features = try batch.gather(batch.embed(by: projector))
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
        var mean = MeanLoss()
        for view in features {
            // Losses are computed in float32, whatever the precision of the networks.
            let scores = try classifier(view.indexSelect(dim: 0, index: rows).widened()).logSoftmax(dim: 1)
            mean.add(try -scores.gather(dim: 1, index: classes).mean())
        }
        return try mean.objective(
            candidates: nil, embeddings: (features[0].detach(), features[min(1, features.count - 1)].detach()))
    }
}
