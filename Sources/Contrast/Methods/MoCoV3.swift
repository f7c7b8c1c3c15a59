import Torch
import Views

/// MoCo v3: Chen, Xie & He 2021, arXiv 2104.02057, algorithm 1. It has no queue: the keys of the batch are the
/// negatives.
///
/// A momentum copy of the network gives keys without a gradient; a predictor follows the head for queries only. The
/// loss is the mean of `loss(q1, k2)` and `loss(q2, k1)`, in nats; the authors' code adds both and multiplies by 2 tau.
/// The views of the first branch give keys, or the first two views if it has one. All views are queries for the keys of
/// other views. Batch norm sees each view alone, unless the views of a branch go `together`.
public struct MoCoV3: Method {
    /// `moco_v3`.
    public static let name = "moco_v3"

    /// The head that follows the encoder in training.
    public var head: Selected<HeadFamily>
    /// The head that follows for queries only; it keeps the dimension.
    public var predictor: Selected<HeadFamily>
    /// The loss of pairs of queries and keys.
    public var loss: Selected<LossFamily>
    /// Whether the views of a branch share a forward pass and so batch norm's statistics, as in SimCLR. A GPU needs
    /// half the time for these fewer, larger passes.
    public var together = false
    /// m, the momentum of the copy, 0...1.
    public var momentum = ScheduledValue(from: 0.99, to: 1)

    /// The authors' settings for ResNets.
    public init() {
        predictor = Selected(MLPHead(layers: 2, hidden: 4096, output: 256))
        head = Selected(MLPHead(layers: 2, hidden: 4096, output: 256, outputNorm: true))
        loss = Selected(InfoNCE(critic: CosineCritic(temperature: 1)))
    }

    /// Checks the momentum, and that the predictor keeps the dimension.
    public func validate() throws(InvalidSetting) {
        try require("momentum", momentum, "in 0...1") { $0 >= 0 && $0 <= 1 }
        try predictor.validate(after: head)
    }

    /// Labels as its loss uses them.
    public var requirements: MethodRequirements { MethodRequirements(labels: loss.component.labelUse) }

    /// Checks the loss against the data.
    public func validate(_ data: TrainingData) throws(InvalidSetting) { try loss.validate(data) }

    /// Builds the projector, the predictor, the loss and the momentum copy.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try MoCoV3Model(self, encoder: encoder, generator: generator)
    }
}

/// A projector and a predictor trained by MoCo v3.
final class MoCoV3Model: ContrastiveModel {
    let projector: Projector
    let predictor: any Head
    private let loss: any Loss
    let momentum: MomentumNetwork
    private let settings: MoCoV3

    init(_ settings: MoCoV3, encoder: any EncoderSettings, generator: Generator) throws(TorchError) {
        projector = try Projector(encoder: encoder, head: settings.head.component, generator: generator)
        predictor = try settings.predictor.component.build(inputs: projector.dimension, generator: generator)
        loss = try settings.loss.component.build(dimension: projector.dimension, generator: generator)
        momentum = try MomentumNetwork(of: projector)
        self.settings = settings
    }

    func temperature(at progress: Double) -> Double? { loss.at(progress).currentTemperature }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        try momentum.follow(momentum: settings.momentum.value(at: batch.progress))
        let count = batch.branches.reduce(0) { $0 + $1.count }
        guard count >= 2 else {
            throw TorchError(operation: "moco_v3", message: "needs two views of an image, was given \(count)")
        }
        let (keyed, viewByView) = (batch.targetViews, !settings.together)
        let queries = try batch.gather(batch.embed(by: projector, predictor, viewByView: viewByView))
        let all = try momentum.keys(of: batch, viewByView: viewByView, limit: keyed)
        let keys = try batch.gather(Array(all.prefix(keyed)))
        return try loss.at(batch.progress).mean(over: ViewPairs(queries: queries, keys: keys), labels: batch.labels)
            .objective(
                candidates: loss.candidates(pairs: keys[0].shape[0]), embeddings: (queries[0].detach(), keys[1]))
    }
}
