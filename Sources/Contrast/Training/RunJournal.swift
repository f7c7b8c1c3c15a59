import Foundation
import Torch
import Views

/// Where a run stands, and what it writes and tells of it: log lines, progress, diagnoses, skipped images and steps,
/// checkpoints.
///
/// Every rank keeps one. That of rank 0 writes the files.
final class RunJournal {
    private(set) var position: Checkpoint.Position
    let run: RunIdentity
    let setup: TrainingSetup
    let folder: RunFolder
    private let loader: Loader
    private let observer: any TrainingObserver
    /// Nil on ranks that write nothing.
    private let log: RunLog?
    private let nonfinite: NonfiniteLog
    private var quarantine: QuarantineList
    private var monitor: Monitor
    private var clock: Stopwatch
    /// The epoch's last step; nil before the first.
    private var last: StepResult?
    /// Whether images.tsv is that of this run's checkpoints; it is written with the first.
    private var isListed = false

    /// Begins or continues a run's files.
    /// - Parameters:
    ///   - position: where the run stands.
    ///   - loader: whose skipped images and waiting time are counted.
    /// - Throws: `FileError`.
    init(
        _ run: RunIdentity, _ setup: TrainingSetup, in folder: RunFolder, at position: Checkpoint.Position,
        _ loader: Loader, observer: any TrainingObserver
    ) throws {
        (self.run, self.setup, self.folder, self.loader) = (run, setup, folder, loader)
        (self.position, self.observer) = (position, observer)
        quarantine = QuarantineList(folder)
        nonfinite = try NonfiniteLog(folder, resumingAt: position)
        clock = Stopwatch(loader)
        let experiment = run.experiment
        monitor = Monitor(
            every: experiment.method.component.requirements.pairs ? experiment.evaluation.diagnoseEvery : 0,
            prevention: experiment.method.component.prevention)
        log = try folder.isWritten ? RunLog(folder, resumingAt: position) : nil
        if let log { try begin(log) }
    }

    // MARK: Steps

    /// Starts the clock of an epoch.
    func beginEpoch() {
        clock = Stopwatch(loader)
        last = nil
    }

    /// The learning rate's factor after the steps that were not finite.
    var rate: Double { position.nonfinite?.rate ?? 1 }

    /// Records a step, and writes a checkpoint if one is due.
    func record(_ step: StepResult, of batch: RankedBatch) throws {
        let training = run.experiment.training
        last = step
        position.nonfinite?.inARow = 0
        position.step += 1
        position.batch = batch.own.index + 1
        position.skipped = quarantine.count(with: loader.quarantine)
        position.meter.add(step)
        clock.lap(into: &position.meter)
        if position.step % training.logEvery == 0 {
            try log?.write(StepRecord(epoch: position.epoch + 1, step: position.step, step))
        }
        observer.stepped(TrainingProgress(position, step, setup.schedule))
        if let every = training.checkpointEvery, position.step % every == 0 {
            try listSkipped()
            try save()
        }
    }

    /// Records a step that was not finite and changed nothing.
    /// - Throws: `TrainingError` if the run must stop; `FileError`.
    func skip(_ batch: RankedBatch, _ fault: NonfiniteStep, factor: Double) throws {
        let record = NonfiniteRecord(fault, batch.own, position, run, factor: factor)
        try nonfinite.append(record)
        var count = position.nonfinite ?? NonfiniteCount()
        guard record.action.apply(to: &count) else { throw record.error(fault, count, run.experiment, folder) }
        position.nonfinite = count
        position.batch = batch.own.index + 1
        observer.notice(record.notice(fault, folder))
    }

    // MARK: Epochs

    /// Ends the steps of an epoch.
    /// - Throws: `TrainingError` if there was none.
    func endSteps() throws {
        clock.lap(into: &position.meter)
        try listSkipped()
        position.skipped = quarantine.count
        // A run that was stopped after the epoch's last step resumes here, with nothing left to load.
        guard position.meter.steps > 0 else { throw emptyEpoch }
    }

    /// Records the end of an epoch, and writes a checkpoint if one is due.
    /// - Parameter scores: those of the encoder, as far as they were measured.
    func endEpoch(scores: OnlineScores) throws {
        let training = run.experiment.training
        let epoch = position.epoch + 1
        var isBest = false
        if let log {
            let record = try EpochRecord(position, last?.objective, learningRate: learningRate, scores: scores)
            try log.write(record)
            observer.finished(record)
            if let last {
                let progress = Double(epoch) / Double(training.epochs)
                let second = last.objective.embeddings.second
                try monitor.look(
                    at: last.objective, temperature: setup.model.temperature(at: progress),
                    assignments: setup.model.assignments(of: second, at: progress), epoch: epoch, step: position.step,
                    log: log, observer: observer)
            }
            isBest = position.recordIfBest(scores[training.best]) && training.keep > 1
        }
        if isBest {
            try EncoderFile.write(setup.model.encoder, experiment: run.experiment, to: folder.bestEncoder)
        }
        position.epoch = epoch
        position.batch = 0
        position.meter = EpochMeter()
        if isBest || isExhausted || epoch % training.checkpointEpochs == 0 || epoch == training.epochs {
            try save(epoch: epoch, isBest: isBest)
        }
    }

    /// Whether the last scored epochs have brought nothing better, as `training.patience` counts them.
    var isExhausted: Bool { run.experiment.training.patience.map { (position.sinceBest ?? 0) >= $0 } ?? false }

    // MARK: The end

    /// Writes what a run needs to be resumed.
    func interrupt() throws {
        try listSkipped()
        try save()
    }

    /// Lists this rank's skipped images, also those of a run that fails because of them.
    func close() { try? quarantine.add(loader.quarantine) }

    // MARK: Parts

    /// The learning rate of the last step.
    private var learningRate: Double {
        let index = position.epoch * setup.schedule.batches + position.batch - 1
        return run.experiment.training.optimizer.component.lr * (setup.schedule.factor(at: index) * rate)
    }

    private func listSkipped() throws { try quarantine.add(setup.ranks.union(loader.quarantine)) }

    /// Why an epoch had no step: too few images, or no loss that is finite, which is not the data's fault.
    private var emptyEpoch: TrainingError {
        guard let nonfinite = position.nonfinite, nonfinite.inARow > 0 else {
            return TrainingError(.data, "no batch of epoch \(position.epoch + 1) had two usable images")
        }
        return TrainingError(
            .failed,
            "no batch of epoch \(position.epoch + 1) had a finite loss and gradient; lower training.optimizer."
                + "\(run.experiment.training.optimizer.name).lr or raise the temperature; the images are listed in "
                + folder.nonfinite)
    }

    /// Writes the state; that of the end of an epoch may be kept for longer.
    private func save(epoch: Int? = nil, isBest: Bool = false) throws {
        guard folder.isWritten else { return }
        if !isListed { try ImageList.write(train: run.images, heldOut: run.heldOut, to: folder) }
        isListed = true
        try CheckpointKeeper(folder: folder, keep: run.experiment.training.keep).save(
            run.checkpoint(at: position), model: setup.model, optimizer: setup.optimizer, epoch: epoch, isBest: isBest)
    }
}
