import Torch
import Views

/// MoCo, version 3: Chen, Xie & He 2021, arXiv 2104.02057, algorithm 1. No queue: the keys of the batch are each other's
/// negatives.
///
/// A predictor follows the head on the side of the queries, not on that of the keys, which a slowly following copy gives
/// without a gradient. The loss is the mean of `loss(q1, k2)` and `loss(q2, k1)`, in nats; the authors' code adds both and
/// multiplies by 2 tau. The views of the first branch give keys, or the first two where it has one; all views are queries of the
/// keys of other views. Each view passes batch norm alone, in one batch, unless the views of a branch go together.
public struct MoCoV3: Method {
    /// `moco_v3`.
    public static let name = "moco_v3"

    /// What follows the encoder in training.
    public var head: Selected<HeadFamily>
    /// What follows the head on the side of the queries; it must give as many numbers as it takes.
    public var predictor: Selected<HeadFamily>
    /// The objective over pairs of queries and keys.
    public var loss: Selected<LossFamily>
    /// Whether the views of a branch pass the networks in one batch, whose statistics batch norm then shares, as in SimCLR: fewer,
    /// larger passes, for which a GPU takes half the time.
    public var together = false
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

    /// What its loss does with them.
    public var labelUse: LabelUse { loss.component.labelUse }

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
            course: momentum, together: together)
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
    private let together: Bool

    init(
        encoder: any Encoder, head: any Head, predictor: any Head, loss: any PairLoss, momentum: MomentumNetwork,
        course: Course, together: Bool
    ) {
        self.encoder = encoder
        self.head = head
        self.predictor = predictor
        self.loss = loss
        self.momentum = momentum
        self.course = course
        self.together = together
    }

    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective {
        try momentum.follow(momentum: course.value(at: batch.progress))
        let loss = loss.at(batch.progress)
        let count = batch.branches.reduce(0) { $0 + $1.count }
        guard count >= 2 else {
            throw TorchError(operation: "moco_v3", message: "needs two views of an image, was given \(count)")
        }
        let keyed = max(2, batch.branches[0].count)
        var queries: [Tensor] = []
        var keys: [Tensor] = []
        for branch in batch.branches {
            let parts = together ? [branch.images] : try branch.images.chunk(branch.count, dim: 0)
            for images in parts {
                let rows = try batch.pass(images, through: [encoder, head, predictor]) {
                    [self] part throws(TorchError) in
                    try predictor(head(encoder(part, training: true), training: true), training: true)
                }
                queries += try rows.chunk(branch.count / parts.count, dim: 0)
                guard keys.count < keyed else { continue }
                let rest = try momentum(images, parts: BatchParts(count: 1), of: batch)
                keys += try rest.chunk(branch.count / parts.count, dim: 0)
            }
        }
        keys = Array(keys.prefix(keyed))
        (queries, keys) = (try batch.gather(queries), try batch.gather(keys))
        let (value, contrast) = try mean(of: loss, queries, keys, labels: batch.labels)
        return Objective(
            loss: value, candidates: loss.candidates(pairs: keys[0].shape[0]), contrast: contrast,
            embeddings: (try queries[0].detach(), keys[1]))
    }

    /// The mean loss of each view's queries with the keys of every other view, and what bounds the information, where it is
    /// another number.
    private func mean(
        of loss: any PairLoss, _ queries: [Tensor], _ keys: [Tensor], labels: [Int]?
    ) throws(TorchError) -> (loss: Tensor, contrast: Tensor?) {
        if keys[0].device != .cpu, let grid = loss as? any ViewGridLoss,
            let value = try grid(queries: queries, keys: keys)
        {
            return (value, nil)
        }
        var losses: [Tensor] = []
        var contrasts: [Tensor] = []
        for (view, query) in queries.enumerated() {
            for (other, key) in keys.enumerated() where other != view {
                losses.append(try loss(query, key, labels: labels))
                if let contrast = try loss.contrast(query, key) { contrasts.append(contrast) }
            }
        }
        return (try Contrast.mean(losses), contrasts.isEmpty ? nil : try Contrast.mean(contrasts))
    }
}
