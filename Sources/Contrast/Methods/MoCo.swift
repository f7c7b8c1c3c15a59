import Torch
import Views

/// MoCo, versions 1 and 2: He et al. 2020, arXiv 1911.05722, and Chen et al. 2020, arXiv 2003.04297.
///
/// A momentum copy of the network gives keys. Queries of the network attract the key of another view and repel the last
/// K keys of earlier batches: `-log(e^{s(q, k+)} / (e^{s(q, k+)} + sum_K e^{s(q, k)}))`. K does not depend on the
/// batch. Before each step the copy moves by `k <- m k + (1 - m) q`. The second view gives keys, all other views give
/// queries.
public struct MoCo: Method {
    /// `moco`.
    public static let name = "moco"

    /// The head that follows the encoder in training; version 1 has one linear layer.
    public var head: Selected<HeadFamily>
    /// The loss; one that takes its negatives from a queue.
    public var loss: Selected<LossFamily>
    /// K, the size of the queue; at least a batch.
    public var queue = 65_536
    /// The number of newest keys that are negatives; all if it is not set.
    public var negatives: ScheduledValue?
    /// m, the momentum of the copy, 0...1.
    public var momentum: ScheduledValue = 0.999
    /// The number of parts of a batch that batch norm normalises separately, in place of the paper's devices; keys are
    /// shuffled between them. 1 for the whole batch at once.
    public var normGroups = 8
    /// Whether first views give keys too and second views queries; the loss is then the mean of both directions.
    public var symmetric = false

    /// The settings of version 2's paper.
    public init() {
        var mlp = MLPHead()
        mlp.batchNorm = false
        head = Selected(mlp)
        loss = Selected(InfoNCE(critic: CosineCritic(temperature: 0.2)))
    }

    /// Checks the ranges, and that the loss takes its negatives from a queue.
    public func validate() throws(InvalidSetting) {
        try require("queue", queue, in: 1...16_777_216)
        if let negatives {
            try require("negatives", negatives, "in 1...queue") { $0 >= 1 && $0 <= Double(queue) }
        }
        try require("momentum", momentum, "in 0...1") { $0 >= 0 && $0 <= 1 }
        try require("norm_groups", normGroups, in: 1...4096)
        try loss.validateForQueue()
    }

    /// Checks that the queue holds a batch's keys, and that batch norm has at least two rows; of several ranks, it sees
    /// the whole batch, as it is synchronized.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {
        guard data.ranks == 1 || normGroups == 1 else {
            throw InvalidSetting(
                "norm_groups",
                "must be 1 where \(data.ranks) processes train together, because batch norm then sees all their images "
                    + "at once; is \(normGroups)")
        }
        let keys = symmetric ? 2 * data.pairs : data.pairs
        guard queue >= keys else {
            throw InvalidSetting("queue", "must hold the \(keys) keys of a batch at least, is \(queue)")
        }
        guard normGroups == 1 || data.pairs / normGroups >= 2 else {
            throw InvalidSetting(
                "norm_groups", "must leave two images of a batch of \(data.pairs) in each group, is \(normGroups)")
        }
    }

    /// Builds the projector, its momentum copy and the queue.
    public func build(
        encoder: any EncoderSettings, data: TrainingData, generator: Generator
    ) throws(TorchError) -> any ContrastiveModel {
        try MoCoModel(self, encoder: encoder, generator: generator)
    }
}
