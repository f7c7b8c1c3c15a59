/// Where a run stands; what a progress line shows.
public struct TrainingProgress: Equatable, Sendable {
    /// Passes begun, from 1.
    public var epoch: Int
    /// Passes in all.
    public var epochs: Int
    /// Optimiser steps done in this pass.
    public var batch: Int
    /// Optimiser steps of a pass.
    public var batches: Int
    /// The last step's loss in nats.
    public var loss: Double
    /// log(candidates) - loss, in nats; nil where the objective bounds nothing.
    public var bound: Double?
    /// log(candidates) in nats.
    public var ceiling: Double
    /// Images (not views) a second over the recent steps.
    public var imagesPerSecond: Double
    /// Share of the time spent waiting for data.
    public var dataWait: Double
    /// Estimated seconds until the last pass ends.
    public var secondsLeft: Double
}

/// Watches a run; called on the training thread between steps.
public protocol TrainingObserver: AnyObject {
    /// Something that the user should know, in one line.
    func notice(_ message: String)
    /// A step was done.
    func stepped(_ progress: TrainingProgress)
    /// A pass was done and its record written.
    func finished(_ epoch: EpochRecord)
}

/// One step's line of metrics.jsonl.
public struct StepRecord: Codable, Equatable, Sendable {
    static let kindName = "step"

    /// Always `step`.
    public var kind = StepRecord.kindName
    /// The pass, from 1.
    public var epoch: Int
    /// Optimiser steps done since the run began.
    public var step: Int
    /// Loss in nats.
    public var trainLoss: Double
    /// log(candidates) - loss in nats.
    public var miBound: Double?
    /// log(candidates) in nats.
    public var miCeiling: Double
    /// The learning rate of the step.
    public var lr: Double
}

/// One pass's line of metrics.jsonl; means are over the pass's steps.
public struct EpochRecord: Codable, Equatable, Sendable {
    /// Always `epoch`.
    public var kind = "epoch"
    /// The pass, from 1.
    public var epoch: Int
    /// Optimiser steps done since the run began.
    public var step: Int
    /// Mean loss in nats.
    public var trainLoss: Double
    /// Mean of log(candidates) - loss in nats.
    public var miBound: Double?
    /// log(candidates) in nats.
    public var miCeiling: Double
    /// Mean squared distance of positives on the sphere, last batch (Wang & Isola 2020); nil, as the next two, where a
    /// resumed run did not see the pass's last batch.
    public var alignment: Double?
    /// log mean e^{-2 |zi - zj|^2}, last batch (Wang & Isola 2020).
    public var uniformity: Double?
    /// Exponential of the entropy of the embedding covariance's eigenvalues, last batch.
    public var effectiveRank: Double?
    /// The learning rate of the last step.
    public var lr: Double
    /// Images (not views) a second.
    public var imagesPerSecond: Double
    /// Share of the pass spent waiting for data.
    public var dataWait: Double
    /// Seconds of the pass, evaluation aside.
    public var seconds: Double
    /// Images skipped so far.
    public var skipped: Int
    /// Weighted kNN on held-out images, top-1 in 0...1; nil in passes without one.
    public var valKnnTop1: Double?

    /// The record's scalars under their TensorBoard tags.
    var scalars: [(tag: String, value: Double)] {
        var scalars = [
            ("train_loss", trainLoss), ("mi_ceiling", miCeiling), ("data_wait", dataWait), ("lr", lr),
            ("images_per_second", imagesPerSecond),
        ]
        if let alignment { scalars.append(("alignment", alignment)) }
        if let uniformity { scalars.append(("uniformity", uniformity)) }
        if let effectiveRank { scalars.append(("effective_rank", effectiveRank)) }
        if let miBound { scalars.append(("mi_bound", miBound)) }
        if let valKnnTop1 { scalars.append(("val_knn_top1", valKnnTop1)) }
        return scalars
    }
}
