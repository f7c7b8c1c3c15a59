/// The progress of a run, as shown on a progress line.
public struct TrainingProgress: Equatable, Sendable {
    /// The epoch, from 1.
    public var epoch: Int
    /// The epochs of the run.
    public var epochs: Int
    /// The steps done in this epoch.
    public var batch: Int
    /// The steps of an epoch.
    public var batches: Int
    /// The last step's loss in nats.
    public var loss: Double
    /// log(candidates) - loss, in nats; nil if the objective bounds nothing.
    public var bound: Double?
    /// log(candidates) in nats.
    public var ceiling: Double
    /// Images (not views) per second.
    public var imagesPerSecond: Double
    /// The share of the time spent waiting for data.
    public var dataWait: Double
    /// Estimated seconds until the run ends.
    public var secondsLeft: Double
}

extension TrainingProgress {
    /// The progress after a step.
    init(_ position: Checkpoint.Position, _ step: StepResult, _ schedule: RunSchedule) {
        let (meter, batches) = (position.meter, schedule.batches)
        (epoch, epochs) = (position.epoch + 1, schedule.training.epochs)
        (batch, self.batches) = (position.batch, batches)
        (loss, bound, ceiling) = (step.loss, step.bound, meter.ceiling)
        (imagesPerSecond, dataWait) = (meter.imagesPerSecond, meter.dataWait)
        let left = schedule.steps - (position.epoch * batches + position.batch)
        secondsLeft = meter.seconds / Double(max(meter.steps, 1)) * Double(left)
    }
}

/// Observes a run. It is called on the training thread between steps.
public protocol TrainingObserver: AnyObject {
    /// A note for the user, in one line.
    func notice(_ message: String)
    /// A step was done.
    func stepped(_ progress: TrainingProgress)
    /// An epoch was done and its record written.
    func finished(_ epoch: EpochRecord)
}
