import Torch

/// One step's line of metrics.jsonl.
public struct StepRecord: Codable, Equatable, Sendable {
    static let kindName = "step"

    /// Always `step`.
    public var kind = StepRecord.kindName
    /// The epoch, from 1.
    public var epoch: Int
    /// Optimiser steps done since the run began.
    public var step: Int
    /// Loss in nats.
    public var trainLoss: Double
    /// log(candidates) - loss in nats; nil if the objective bounds nothing.
    public var miBound: Double?
    /// log(candidates) in nats.
    public var miCeiling: Double
    /// The learning rate of the step.
    public var lr: Double
}

extension StepRecord {
    /// The record of a step.
    init(epoch: Int, step number: Int, _ step: StepResult) {
        self.init(
            epoch: epoch, step: number, trainLoss: step.loss, miBound: step.bound, miCeiling: step.ceiling ?? 0,
            lr: step.learningRate)
    }
}

/// One epoch's line of metrics.jsonl; means are over its steps.
public struct EpochRecord: Codable, Equatable, Sendable {
    /// Always `epoch`.
    public var kind = "epoch"
    /// The epoch, from 1.
    public var epoch: Int
    /// Optimiser steps done since the run began.
    public var step: Int
    /// Mean loss in nats.
    public var trainLoss: Double
    /// Mean of log(candidates) - loss in nats.
    public var miBound: Double?
    /// log(candidates) in nats.
    public var miCeiling: Double
    /// Mean squared distance of positives on the sphere, last batch (Wang & Isola 2020); nil, as the next two, if a
    /// resumed run did not see the epoch's last batch.
    public var alignment: Double?
    /// log mean e^{-2 |zi - zj|^2}, last batch (Wang & Isola 2020).
    public var uniformity: Double?
    /// Exponential of the entropy of the embedding covariance's eigenvalues, last batch.
    public var effectiveRank: Double?
    /// The learning rate of the last step.
    public var lr: Double
    /// Images (not views) a second.
    public var imagesPerSecond: Double
    /// The share of the epoch spent waiting for data.
    public var dataWait: Double
    /// Seconds of the epoch without evaluation.
    public var seconds: Double
    /// Images skipped so far.
    public var skipped: Int
    /// Weighted kNN on held-out images, top-1 in 0...1; nil in epochs without one.
    public var valKnnTop1: Double?
    /// The same of the encoder's moving average; nil without one.
    public var valKnnTop1Ema: Double?
    /// Linear probe on held-out images, top-1 in 0...1; nil in epochs without one.
    public var valProbeTop1: Double?
    /// RankMe of the features of training images (Garrido et al. 2023), where `training.best` asks for it.
    public var rankMe: Double?
    /// The exponent of their eigenvalues' decay (Agrawal et al. 2022), where `training.best` asks for it.
    public var alphaReq: Double?

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
        if let valKnnTop1Ema { scalars.append(("val_knn_top1_ema", valKnnTop1Ema)) }
        if let rankMe { scalars.append(("rank_me", rankMe)) }
        if let alphaReq { scalars.append(("alpha_req", alphaReq)) }
        if let valProbeTop1 { scalars.append(("val_probe_top1", valProbeTop1)) }
        return scalars
    }
}

extension EpochRecord {
    /// The record of the epoch that ends at a position.
    /// - Parameters:
    ///   - last: the last step's objective; nil if this process did not compute it.
    ///   - scores: those of the encoder, as far as they were measured.
    init(
        _ position: Checkpoint.Position, _ last: Objective?, learningRate: Double, scores: OnlineScores
    ) throws(TorchError) {
        let meter = position.meter
        self.init(
            epoch: position.epoch + 1, step: position.step, trainLoss: meter.loss / Double(max(meter.steps, 1)),
            miBound: meter.bounded > 0 ? meter.bound / Double(meter.bounded) : nil, miCeiling: meter.ceiling,
            lr: learningRate, imagesPerSecond: meter.imagesPerSecond, dataWait: meter.dataWait, seconds: meter.seconds,
            skipped: position.skipped, valKnnTop1: scores.knn, valKnnTop1Ema: scores.averageKNN,
            valProbeTop1: scores.probe, rankMe: scores.rankMe, alphaReq: scores.alphaReQ)
        guard let (first, second) = last?.embeddings else { return }
        alignment = try EmbeddingGeometry.alignment(first, second)
        uniformity = try (EmbeddingGeometry.uniformity(first) + EmbeddingGeometry.uniformity(second)) / 2
        effectiveRank = try EmbeddingGeometry.effectiveRank(first)
    }
}
