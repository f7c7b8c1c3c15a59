import Foundation
import Torch
import Views

/// One step of training: a batch goes in, the weights move, the objective and its statistics come out.
struct TrainingStep {
    private let setup: TrainingSetup
    private let stepGuard: StepGuard

    /// Prepares the steps of a run.
    init(_ setup: TrainingSetup) throws(TorchError) {
        self.setup = setup
        stepGuard = try StepGuard(setup.model, policy: setup.experiment.training.onNonfinite)
    }

    /// Takes a step.
    /// - Parameters:
    ///   - batch: the batch that `feed` gave last.
    ///   - values: of the schedules at this step.
    ///   - clock: measures the stages; nil to measure nothing.
    /// - Throws: `NonfiniteStep`, the weights being those before the step; `TrainingError` if memory is too small;
    ///   `LoaderError`, `TorchError`.
    func callAsFunction(
        _ batch: RankedBatch, from feed: DeviceFeed, _ values: StepValues, clock: StageClock? = nil
    ) throws -> StepResult {
        do {
            return try take(batch, feed, values, clock)
        } catch let error as TorchError where error.isOutOfMemory {
            throw error.advising(setup.experiment)
        }
    }

    private func take(
        _ batch: RankedBatch, _ feed: DeviceFeed, _ values: StepValues, _ clock: StageClock?
    ) throws -> StepResult {
        try stepGuard.begin()
        try setup.optimizer.zeroGrad()
        let input = try input(batch, feed, values, clock)
        let objective = try StageClock.measure(clock, .loss) { () throws(TorchError) in
            try setup.model.objective(input)
        }
        try StageClock.measure(clock, .backward) { () throws(TorchError) in
            try setup.ranks.backward(objective.loss)
            try input.cache?.backward()
        }
        try StageClock.measure(clock, .data) { try feed.prefetch() }
        return try StageClock.measure(clock, .update) {
            try setup.ranks.synchronize()
            let loss = try objective.loss.item()
            let length = try stepGuard.check(loss: loss)
            try setup.experiment.training.clip?.apply(to: stepGuard.parameters, length: length)
            try setup.optimizer.step(factor: values.factor, weightDecay: values.weightDecay)
            return StepResult(
                objective: objective, loss: loss, contrast: try objective.contrast?.item() ?? loss, images: batch.count,
                learningRate: setup.experiment.training.optimizer.component.lr * values.factor)
        }
    }

    /// What the model gets: the views on its device, with labels and captions.
    private func input(
        _ batch: RankedBatch, _ feed: DeviceFeed, _ values: StepValues, _ clock: StageClock?
    ) throws(TorchError) -> ContrastiveBatch {
        let training = setup.experiment.training
        var input = ContrastiveBatch(
            branches: try feed.views(of: batch.own),
            labels: setup.images.classes.isEmpty
                ? nil : LabelSets(try setup.ranks.samples(of: batch).map(setup.images.labels)),
            tokens: try setup.captions?.tensor(batch.own.samples).to(device: setup.machine.device),
            samples: batch.own.samples, progress: values.progress,
            cache: training.chunk.map { GradientCache(chunk: $0) }, ranks: setup.ranks.spread(batch),
            precision: training.precision)
        input.mixing = batch.own.mixing
        input.clock = clock
        return input
    }
}

/// What a step computed.
struct StepResult {
    /// The loss, the candidates and the embeddings.
    let objective: Objective
    /// The loss in nats.
    let loss: Double
    /// The loss that belongs to the candidates, in nats.
    let contrast: Double
    /// The images of all ranks.
    let images: Int
    /// The learning rate of the step.
    let learningRate: Double

    /// log(candidates) in nats; nil if the objective bounds nothing.
    var ceiling: Double? { objective.candidates.map { log(Double($0)) } }
    /// log(candidates) - contrast in nats; nil if the objective bounds nothing.
    var bound: Double? { ceiling.map { $0 - contrast } }
}
