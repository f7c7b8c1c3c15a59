import Files
import Torch
import Views

/// Trains an encoder on a source of images and leaves a run folder.
public final class Trainer {
    /// How a run ended.
    public enum Outcome: Equatable, Sendable {
        /// All epochs are done.
        case finished
        /// It was asked to stop, and can be resumed.
        case interrupted
    }

    /// What a run is told beside its settings.
    public struct Options {
        /// Labelled images for kNN scores during the run; nil or unlabelled for none.
        public var heldOut: (any Source)?
        /// The share of unusable images, 0...1, above which the run stops.
        public var maximumBad = 0.01
        /// Whether to continue from the last checkpoint, which must exist.
        public var resumes = false
        /// Whether it may continue with other images than those that it was trained on; the current epoch then begins
        /// again.
        public var allowsOtherImages = false
        /// What stands before the encoder's keys in the weights that it starts from; found where nil.
        public var weightsPrefix: String?
        /// The processes that train together; nil for this one alone.
        public var group: ProcessGroup?

        /// A new run of one process without held-out images.
        public init() {}
    }

    private let folder: RunFolder
    private let options: Options
    private let observer: any TrainingObserver
    private let run: RunIdentity
    private let setup: TrainingSetup
    private let onlineKNN: OnlineKNN?
    private let onlineSpectrum: OnlineSpectrum?
    private let start: Checkpoint.Position
    /// Held until the run ends.
    private var lock: FileLock?

    /// Prepares a run: builds the network with the seed's weights, or loads the folder's last checkpoint.
    /// - Parameters:
    ///   - experiment: the resolved settings.
    ///   - images: what the encoder is trained on.
    ///   - folder: where the run is written, by rank 0 if several processes train together.
    ///   - machine: where to compute.
    ///   - options: held-out images, resuming, and other choices.
    ///   - observer: receives notices and progress.
    /// - Throws: `TrainingError`, `InvalidSetting`, `TorchError`, `FileError`, `SafetensorsError`.
    public init(
        _ experiment: Experiment, images: any Source, folder: RunFolder, machine: Machine,
        options: Options = Options(), observer: any TrainingObserver
    ) throws {
        (self.folder, self.options, self.observer) = (folder, options, observer)
        let (pipeline, ranks) = (try experiment.pipeline(), Ranks(options.group))
        guard ranks.size == 1 || experiment.views.mix == nil else {
            throw TrainingError(.unusable, "views.mix: is for one process; remove the setting")
        }
        // Before the folder is made, so that a bad file leaves nothing; a resumed run does not read its weights again.
        let weights = try options.resumes ? nil : LoadedWeights(startOf: experiment, prefix: options.weightsPrefix)
        if folder.isWritten { lock = try folder.acquire(resumes: options.resumes) }
        let selected = try experiment.select(images, folder: folder, resumes: options.resumes)
        selected.notes.forEach(observer.notice)
        let extractor = FeatureExtractor(pipeline: pipeline, machine: machine, maximumBad: options.maximumBad)
        let scoring = OnlineKNN.prepare(
            experiment, images: selected.images, heldOut: folder.isWritten ? options.heldOut : nil,
            extractor: extractor)
        onlineKNN = scoring.score
        onlineSpectrum =
            folder.isWritten ? OnlineSpectrum(experiment, images: selected.images, extractor: extractor) : nil
        run = try RunIdentity(
            experiment, images: selected.images, heldOut: options.heldOut,
            machine: MachineRecord(machine, ranks: ranks.size))
        try ranks.compare(run)
        setup = try TrainingSetup(
            experiment, pipeline, selected, machine: machine, ranks: ranks, weights: weights)
        [weights?.words, scoring.note, experiment.note(images: selected.images.count)].compactMap { $0 }
            .forEach(observer.notice)
        var position = Checkpoint.Position()
        if options.resumes, folder.isWritten {
            let resumption = Resumption(
                folder: folder, run: run, batches: setup.sampler.batches, allowsOtherImages: options.allowsOtherImages)
            position = try CheckpointKeeper(folder: folder, keep: experiment.training.keep)
                .restore(resumption, into: setup.model, setup.optimizer, notice: observer.notice)
        }
        start = try ranks.broadcast(setup.model, setup.optimizer, position)
    }

    /// Trains to the end, or until `stop` returns true after a step or while the encoder is scored. The folder then has
    /// a checkpoint and the encoder.
    /// - Throws: `TrainingError`, `LoaderError`, `TorchError`, `FileError`.
    public func run(stop: () -> Bool = { false }) throws -> Outcome {
        defer { lock = nil }
        let (epochs, ranks) = (run.experiment.training.epochs, setup.ranks)
        let feed = try setup.feed(epochs: start.epoch..<epochs, from: start.batch, maximumBad: options.maximumBad)
        defer { feed.loader.stop() }
        let journal = try RunJournal(run, setup, in: folder, at: start, feed.loader, observer: observer)
        defer { journal.close() }
        let step = try TrainingStep(setup)
        var done = epochs
        for epoch in start.epoch..<epochs {
            if journal.isExhausted {
                done = epoch
                break
            }
            journal.beginEpoch()
            var isStopping = false
            batches: while true {
                switch try ranks.next(feed, stopping: isStopping) {
                case .stop: return try interrupt(journal, epoch: epoch)
                case .endOfEpoch: break batches
                case .batch(let batch) where batch.count < 2: continue
                case .batch(let batch):
                    let values = setup.schedule.values(at: batch.own, rate: journal.rate)
                    do {
                        try journal.record(step(batch, from: feed, values), of: batch)
                    } catch let fault as NonfiniteStep {
                        // The loss and the gradient are those of all ranks, so all skip the step.
                        try journal.skip(batch, fault, factor: values.factor)
                    }
                    isStopping = stop()
                }
            }
            try journal.endSteps()
            var scores = OnlineScores()
            do {
                scores = try onlineKNN?.scores(of: setup, after: epoch + 1, stop: stop) ?? scores
                try onlineSpectrum?.add(to: &scores, of: setup.model.encoder, after: epoch + 1, stop: stop)
            } catch is EvaluationStopped {
                // When the run continues, the epoch ends anew, from its last step.
                isStopping = true
            }
            if try ranks.barrier(stopping: isStopping) { return try interrupt(journal, epoch: epoch) }
            try journal.endEpoch(scores: scores)
            // Rank 0 alone has scores.
            if try ranks.barrier(stopping: journal.isExhausted), epoch + 1 < epochs {
                done = epoch + 1
                break
            }
        }
        if done < epochs {
            let training = run.experiment.training
            observer.notice(
                "stopped after epoch \(done) of \(epochs): \(training.best.rawValue) was not better in the last "
                    + "\(counted(training.patience ?? 0, "score")) (training.patience)")
        }
        try writeEncoder(epochs: done)
        if let summary = ranks.summary(steps: journal.position.step - start.step) { observer.notice(summary) }
        return .finished
    }

    private func interrupt(_ journal: RunJournal, epoch: Int) throws -> Outcome {
        try journal.interrupt()
        try writeEncoder(epochs: epoch)
        return .interrupted
    }

    private func writeEncoder(epochs: Int) throws {
        if folder.isWritten {
            try EncoderFile.write(setup.model, experiment: run.experiment, epochs: epochs, to: folder)
            if let average = setup.average {
                try EncoderFile.write(average.encoder, experiment: run.experiment, to: folder.averageEncoder)
            }
        }
        try setup.ranks.finish()
    }
}
