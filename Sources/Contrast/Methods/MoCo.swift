import Torch
import Views

/// MoCo, versions 1 and 2: He et al. 2020, arXiv 1911.05722, and Chen et al. 2020, arXiv 2003.04297.
///
/// Queries of the trained network attract the keys of another view, which a slowly following copy of it gives, and repel the
/// last K keys of earlier batches: `-log(e^{s(q, k+)} / (e^{s(q, k+)} + sum_K e^{s(q, k)}))`. K does not depend on the batch. The
/// copy moves before each step by `k <- m k + (1 - m) q`. The second view gives keys, all other views queries.
public struct MoCo: Method {
    /// `moco`.
    public static let name = "moco"

    /// What follows the encoder in training; version 1 has one linear layer.
    public var head: Selected<HeadFamily>
    /// The objective; one that takes its negatives from a queue.
    public var loss: Selected<LossFamily>
    /// K, the keys that are remembered; at least a batch.
    public var queue = 65_536
    /// How many of them, the newest, are negatives; all where it is not set.
    public var negatives: Course?
    /// m, the share of its weights that the copy keeps in a step, 0...1.
    public var momentum: Course = 0.999
    /// Parts of a batch that batch norm sees apart, in place of the paper's devices: keys are shuffled between them. 1 for the
    /// whole batch at once.
    public var normGroups = 8
    /// Whether first views give keys too, and second ones queries; the loss is then the mean of both.
    public var symmetric = false

    /// Version 2 with the settings of its paper.
    public init() {
        var mlp = MLPHead()
        mlp.batchNorm = false
        head = Selected(mlp)
        loss = Selected(InfoNCE(critic: CosineCritic(temperature: 0.2)))
    }

    /// Checks the ranges, and that the loss takes negatives from a queue.
    public func validate() throws(InvalidSetting) {
        try require("queue", queue, in: 1...16_777_216)
        if let negatives {
            try require("negatives", negatives, "in 1...queue") { $0 >= 1 && $0 <= Double(queue) }
        }
        try require("momentum", momentum, "in 0...1") { $0 >= 0 && $0 <= 1 }
        try require("norm_groups", normGroups, in: 1...4096)
        try requireQueueObjective(loss)
    }

    /// Checks that the queue holds a batch's keys, and that batch norm has two rows at least.
    public func validate(pairs: Int, classes: Int) throws(InvalidSetting) {
        let keys = symmetric ? 2 * pairs : pairs
        guard queue >= keys else {
            throw InvalidSetting("queue", "must hold the \(keys) keys of a batch at least, is \(queue)")
        }
        guard normGroups == 1 || pairs / normGroups >= 2 else {
            throw InvalidSetting(
                "norm_groups", "must leave two images of a batch of \(pairs) in each group, is \(normGroups)")
        }
    }

    /// Checks that batch norm sees the whole batch, as it does where it is synchronised.
    public func validate(ranks: Int) throws(InvalidSetting) {
        guard normGroups == 1 else {
            throw InvalidSetting(
                "norm_groups",
                "must be 1 where \(ranks) processes train together, because batch norm then sees all their images at "
                    + "once; is \(normGroups)")
        }
    }

    /// Builds the encoder, the head, their copies and the queue.
    public func build(
        encoder: any EncoderArchitecture, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        let network = try encoder.build(generator: generator)
        let projection = try head.component.build(inputs: network.dimension, generator: generator)
        let dimension = head.component.dimension(inputs: network.dimension)
        guard let objective = loss.component as? any QueueObjective else {
            throw TorchError(operation: "moco", message: "\(loss.name) takes no negatives from a queue")
        }
        return MoCoModel(
            encoder: network, head: projection,
            loss: try objective.buildForQueue(dimension: dimension, generator: generator),
            momentum: try MomentumNetwork(
                of: network, projection, architecture: encoder, settings: head.component),
            queue: try KeyQueue(size: queue, dimension: dimension, generator: generator), settings: self)
    }
}
