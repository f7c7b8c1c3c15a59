import Torch
import Views

/// BYOL: Grill et al. 2020, arXiv 2006.07733, equation 2. The prediction of one view attracts the target network's
/// embedding of another view. There are no negatives.
///
/// The target network is a momentum copy without a gradient. The loss is twice the mean of `2 - 2 cos(p_i, z'_j)` over
/// the ordered pairs of different views, so that two views give the paper's sum; j is a view of the first branch, or
/// one of the first two views if that has one. If all rows are equal it is 0.
public struct BYOL: Method {
    /// `byol`.
    public static let name = "byol"

    /// The head that follows the encoder in training.
    public var head = Selected<HeadFamily>(MLPHead(layers: 2, hidden: 4096, output: 256))
    /// The head that follows for predictions; it keeps the dimension. `none` collapses.
    public var predictor = Selected<HeadFamily>(MLPHead(layers: 2, hidden: 4096, output: 256))
    /// The momentum of the target network, 0...1.
    public var momentum = ScheduledValue(from: 0.996, to: 1)

    /// The paper's settings.
    public init() {}

    /// Checks the momentum, and that the predictor keeps the dimension.
    public func validate() throws(InvalidSetting) {
        try require("momentum", momentum, "in 0...1") { $0 >= 0 && $0 <= 1 }
        try predictor.validate(after: head)
    }

    /// The predictor and the slow target network.
    public var prevention: CollapsePrevention? {
        let isBare = predictor.component is IdentityHead
        return CollapsePrevention(
            method: BYOL.name,
            cause: isBare
                ? "Without a predictor, the loss asks only that views agree, which one point satisfies."
                : "The predictor and the slow target network have not kept embeddings apart.",
            remedy: isBare
                ? ["method: {byol: {predictor: {mlp: {layers: 2}}}}"]
                : [
                    "method: {byol: {momentum: {from: 0.996, to: 1}}}   # a slower target network",
                    "training: {schedule: {cosine: {warmup_epochs: 10}}}   # and halve the optimiser's lr",
                ],
            paper: "Grill et al. 2020, arXiv 2006.07733, table 5")
    }

    /// Builds the projector, the predictor and the target network.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try BYOLModel(self, encoder: encoder, generator: generator)
    }
}

/// A projector and a predictor trained by BYOL.
final class BYOLModel: ContrastiveModel {
    let projector: Projector
    let predictor: any Head
    let momentum: MomentumNetwork
    private let settings: BYOL

    init(_ settings: BYOL, encoder: any EncoderSettings, generator: Generator) throws(TorchError) {
        projector = try Projector(encoder: encoder, head: settings.head.component, generator: generator)
        predictor = try settings.predictor.component.build(inputs: projector.dimension, generator: generator)
        momentum = try MomentumNetwork(of: projector)
        self.settings = settings
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        try momentum.follow(momentum: settings.momentum.value(at: batch.progress))
        let predictions = try batch.gather(batch.embed(by: projector, predictor, viewByView: true))
        let targets = try batch.gather(momentum.keys(of: batch, viewByView: true, limit: batch.targetViews))
        let cosines = try NegativeCosine().mean(over: ViewPairs(queries: predictions, keys: targets), labels: nil)
        var objective = try cosines.objective(
            candidates: nil, embeddings: (predictions[0].detach(), targets[1]))
        objective.loss = try objective.loss * 4 + 4
        return objective
    }
}
