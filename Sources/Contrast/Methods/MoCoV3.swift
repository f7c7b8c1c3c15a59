import Torch
import Views

/// MoCo, version 3: Chen, Xie & He 2021, arXiv 2104.02057, algorithm 1. No queue: the keys of the batch are each other's
/// negatives.
///
/// A predictor follows the head on the side of the queries, not on that of the keys, which a slowly following copy gives
/// without a gradient. The loss is the mean of `loss(q1, k2)` and `loss(q2, k1)`, in nats; the authors' code adds both and
/// multiplies by 2 tau. The first two views give keys; all views are queries of the keys of other views. Each view passes
/// batch norm alone, in one batch.
public struct MoCoV3: Method {
    /// `moco_v3`.
    public static let name = "moco_v3"

    /// What follows the encoder in training.
    public var head: Selected<HeadFamily>
    /// What follows the head on the side of the queries; it must give as many numbers as it takes.
    public var predictor: Selected<HeadFamily>
    /// The objective over pairs of queries and keys.
    public var loss: Selected<LossFamily>
    /// m, the share of its weights that the copy keeps in a step, 0...1.
    public var momentum = Course(from: 0.99, to: 1)

    /// The authors' settings for ResNets.
    public init() {
        var mlp = MLPHead()
        (mlp.hidden, mlp.output) = (4096, 256)
        predictor = Selected(mlp)
        mlp.outputNorm = true
        head = Selected(mlp)
        loss = Selected(InfoNCE(critic: CosineCritic(temperature: 1)))
    }

    /// Checks the momentum.
    public func validate() throws(InvalidSetting) {
        try require("momentum", momentum, "in 0...1") { $0 >= 0 && $0 <= 1 }
        // Where the head leaves the encoder's numbers as they are, only the run knows how many there are.
        guard let output = (head.component as? MLPHead)?.output else { return }
        let predicted = predictor.component.dimension(inputs: output)
        guard predicted == output else {
            throw InvalidSetting(
                "predictor.\(predictor.name).output", "must be the head's \(output), is \(predicted)")
        }
    }

    /// Checks the loss against the data.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {
        try loss.validate(pairs: pairs, classes: classes)
    }

    /// Builds the encoder, the head, the predictor and the copies.
    public func build(
        encoder: any EncoderArchitecture, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let network = try encoder.build(generator: generator)
        let projection = try head.component.build(inputs: network.dimension, generator: generator)
        let dimension = head.component.dimension(inputs: network.dimension)
        return MoCoV3Model(
            encoder: network, head: projection,
            predictor: try predictor.component.build(inputs: dimension, generator: generator),
            loss: try loss.component.build(dimension: dimension, generator: generator),
            momentum: try MomentumNetwork(
                of: network, projection, architecture: encoder, settings: head.component),
            course: momentum)
    }
}

/// An encoder, a head and a predictor trained by MoCo v3.
final class MoCoV3Model: ContrastiveModel {
    let encoder: any Encoder
    let head: any Head
    let predictor: any Head
    private let loss: any PairLoss
    let momentum: MomentumNetwork
    private let course: Course

    init(
        encoder: any Encoder, head: any Head, predictor: any Head, loss: any PairLoss, momentum: MomentumNetwork,
        course: Course
    ) {
        self.encoder = encoder
        self.head = head
        self.predictor = predictor
        self.loss = loss
        self.momentum = momentum
        self.course = course
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        try momentum.follow(encoder, head, momentum: course.value(at: batch.progress))
        let loss = loss.at(batch.progress)
        let views = try batch.views()
        guard views.count >= 2 else {
            throw TorchError(operation: "moco_v3", message: "needs two views of an image, was given \(views.count)")
        }
        var queries: [Tensor] = []
        for images in views {
            queries.append(
                try batch.pass(images, through: [encoder, head, predictor]) { [self] part throws(TorchError) in
                    try predictor(head(encoder(part, training: true), training: true), training: true)
                })
        }
        var keys: [Tensor] = []
        for images in views.prefix(2) { keys.append(try momentum(images, parts: BatchParts(count: 1), of: batch)) }
        (queries, keys) = (try batch.gather(queries), try batch.gather(keys))
        var losses: [Tensor] = []
        var contrasts: [Tensor] = []
        for (view, query) in queries.enumerated() {
            for (other, key) in keys.enumerated() where other != view {
                losses.append(try loss(query, key, labels: batch.labels))
                if let contrast = try loss.contrast(query, key) { contrasts.append(contrast) }
            }
        }
        return Objective(
            loss: try mean(losses), candidates: loss.candidates(pairs: keys[0].shape[0]),
            contrast: contrasts.isEmpty ? nil : try mean(contrasts),
            embeddings: (try queries[0].detach(), keys[1]))
    }
}
