import Views

/// The schedules of a run over its steps.
///
/// A step's index counts batches, the skipped ones too: a skipped batch does not change the rate of the others.
struct RunSchedule {
    let training: TrainingConfiguration
    /// The batches of an epoch.
    let batches: Int

    /// The steps of the run.
    var steps: Int { training.epochs * batches }

    /// The index of a batch's step.
    func index(of batch: ViewBatch) -> Int { batch.epoch * batches + batch.index }

    /// The factor on the optimiser's learning rate.
    func factor(at index: Int) -> Double {
        training.schedule.component.factor(step: index, steps: steps, stepsPerEpoch: batches)
    }

    /// The values at a batch's step.
    /// - Parameter rate: a further factor on the learning rate.
    func values(at batch: ViewBatch, rate: Double) -> StepValues {
        let index = index(of: batch)
        let progress = Double(index) / Double(steps)
        let decay = training.optimizer.component.weightDecay
        return StepValues(
            factor: factor(at: index) * rate, progress: progress,
            weightDecay: decay.from == decay.to ? nil : decay.value(at: progress))
    }
}

/// The values of the schedules at a step.
struct StepValues {
    /// The factor on the optimiser's learning rate.
    var factor = 1.0
    /// The share of the run before the step, 0..<1.
    var progress = 0.0
    /// The weight decay; nil for that of the settings.
    var weightDecay: Double?
}
