import Torch
import Views

/// SimCLR: Chen et al. 2020, arXiv 2002.05709. Two views of an image attract, all other views of the batch repel.
///
/// With more than two views (multi-crop) the loss is the mean over all pairs of views of which at least one belongs to
/// the first branch.
public struct SimCLR: Method {
    /// `simclr`.
    public static let name = "simclr"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead())
    /// The loss of pairs of embeddings.
    public var loss = Selected<LossFamily>(NTXent())

    /// An MLP head and NT-Xent.
    public init() {}

    /// Labels as its loss uses them.
    public var requirements: MethodRequirements { MethodRequirements(labels: loss.component.labelUse) }

    /// Checks the loss against the data.
    public func validate(_ data: TrainingData) throws(InvalidSetting) { try loss.validate(data) }

    /// Builds the encoder, the head and the loss.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let projector = try Projector(encoder: encoder, head: head.component, generator: generator)
        return SimCLRModel(
            projector, try loss.component.build(dimension: projector.dimension, generator: generator))
    }
}

/// A projector trained by SimCLR.
final class SimCLRModel: ContrastiveModel {
    let projector: Projector
    private let loss: any Loss

    init(_ projector: Projector, _ loss: any Loss) {
        self.projector = projector
        self.loss = loss
    }

    var critic: (any Critic)? { loss.critic }

    func temperature(at progress: Double) -> Double? { loss.at(progress).currentTemperature }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        let views = try batch.gather(batch.embed(by: projector))
        let pairs = ViewPairs(views, anchors: batch.branches[0].count)
        return try loss.at(batch.progress).mean(over: pairs, labels: batch.labels).objective(
            candidates: loss.candidates(pairs: views[0].shape[0]), embeddings: factors(of: views[0], and: views[1]))
    }
}
