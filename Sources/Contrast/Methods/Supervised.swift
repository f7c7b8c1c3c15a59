import Torch
import Views

/// A classifier: the cross entropy of a linear layer on the encoder's features, `-log softmax(W f + b)[y]`, as a
/// baseline, and for fine-tuning.
///
/// The mean is over all views of all images of known class; one view of an image is enough. Views that `views.mix` mixed
/// have the target of both images, each by its share: Zhang et al. 2018, arXiv 1710.09412; Yun et al. 2019, arXiv
/// 1905.04899. The layer is no head: the encoder is probed like any other, and the two together are
/// classifier.safetensors.
public struct Supervised: Method {
    /// `supervised`.
    public static let name = "supervised"

    /// The share s of the target that is spread over all classes, `1 - s` for its own: Szegedy et al. 2016, arXiv
    /// 1512.00567, section 7.
    public var labelSmoothing = 0.0
    /// The share of each class that is learned from, drawn by the run's seed, one image at least.
    public var labels = 1.0

    /// All labels, without smoothing.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("label_smoothing", labelSmoothing, in: 0...0.9)
        guard labels > 0, labels <= 1 else {
            throw InvalidSetting("labels", "must be above 0 and at most 1, is \(labels)")
        }
    }

    /// One view, as the label is the target; no pairs.
    public var requirements: MethodRequirements {
        MethodRequirements(views: 1, pairs: false, labels: .required, mixes: true)
    }

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
            projector, classifier: try Linear(projector.dimension, max(data.classes, 2), generator: generator),
            smoothing: labelSmoothing)
    }

    /// The images of the labels that are learned from, and a note where these are not all.
    /// - Parameter images: labelled ones only.
    func drawn(from images: any Source, seed: UInt64) -> (images: any Source, note: String?) {
        guard labels < 1, !images.classes.isEmpty else { return (images, nil) }
        let budget = LabelBudget.share(labels)
        let chosen = budget.draw(
            from: (0..<images.count).map { images.label($0) ?? 0 }, classes: images.classes.count, seed: seed,
            repeat: 0)
        return (
            Subset(images, indices: chosen),
            "method.supervised: learns from \(counted(chosen.count, "image")), \(budget) of each class"
        )
    }
}

/// An encoder and the classifier with which it is trained.
final class SupervisedModel: ContrastiveModel {
    let projector: Projector
    let classifier: Linear
    private let smoothing: Double

    init(_ projector: Projector, classifier: Linear, smoothing: Double) {
        self.projector = projector
        self.classifier = classifier
        self.smoothing = smoothing
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let features = try batch.gather(batch.embed(by: projector))
        let labels = batch.labels?.classes ?? []
        let partners = batch.mixing?.partners ?? Array(labels.indices)
        guard labels.count == features[0].shape[0], partners.count == labels.count else {
            throw TorchError(
                operation: Supervised.name,
                message: "there are \(labels.count) labels for \(features[0].shape[0]) images")
        }
        let known = labels.indices.filter { labels[$0] >= 0 && labels[partners[$0]] >= 0 }
        guard !known.isEmpty else {
            throw TorchError(
                operation: Supervised.name, message: "none of the \(labels.count) images of a batch has a label")
        }
        let device = features[0].device
        func column(_ values: [Int]) throws(TorchError) -> Tensor {
            try Tensor(values.map(Int64.init), shape: [values.count, 1]).to(device: device)
        }
        let rows = try column(known).reshape([-1])
        let own = try column(known.map { labels[$0] })
        let others = try batch.mixing == nil ? nil : column(known.map { labels[partners[$0]] })
        let branches = batch.branches.indices.flatMap { Array(repeating: $0, count: batch.branches[$0].count) }
        var mean = MeanLoss()
        for (view, branch) in zip(features, branches) {
            // Losses are computed in float32, whatever the precision of the networks.
            let logs = try classifier(view.indexSelect(dim: 0, index: rows).widened()).logSoftmax(dim: 1)
            var loss = try -logs.gather(dim: 1, index: own).mean()
            if let others, let share = batch.mixing?.branches[branch].lambda {
                loss = try loss * share - logs.gather(dim: 1, index: others).mean() * (1 - share)
            }
            if smoothing > 0 { loss = try loss * (1 - smoothing) - logs.mean() * smoothing }
            mean.add(loss)
        }
        return try mean.objective(
            candidates: nil, embeddings: (features[0].detach(), features[min(1, features.count - 1)].detach()))
    }
}
