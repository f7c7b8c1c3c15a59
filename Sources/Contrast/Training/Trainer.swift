import Files
import Foundation
import Torch
import Views

/// Trains an encoder on a source of images and leaves a run folder; the loop of a run, top to bottom.
public final class Trainer {
    /// How a run ended.
    public enum Outcome: Equatable, Sendable {
        /// All passes were done.
        case finished
        /// It was asked to stop, and can be resumed.
        case interrupted
    }

    private let experiment: Experiment
    private let images: any Source
    private let heldOut: (any Source)?
    private let captions: CaptionTokens?
    private let folder: RunFolder
    private let machine: Machine
    private let maximumBad: Double
    private var ranks: Ranks?
    private let firstStep: Int
    private let configuration: String
    private let data: RunData
    private let record: MachineRecord
    private let pipeline: ViewPipeline
    private let sampler: Sampler
    private let model: any ContrastiveModel
    private let optimizer: any Optimizer
    private let keeper: CheckpointKeeper
    private let stepGuard: StepGuard
    /// Held until the run ends.
    private var lock: FileLock?
    private var position: Checkpoint.Position
    private var quarantine: QuarantineList
    /// Whether images.tsv is that of this run's checkpoints; it is written with the first.
    private var isListed = false
    private let heldOutScore: HeldOutScore?

    /// Prepares a run: builds the network with the seed's weights, or takes up the folder's last checkpoint.
    /// - Parameters:
    ///   - experiment: the resolved configuration.
    ///   - images: what to learn from.
    ///   - heldOut: labelled images for kNN scores on the way; nil or unlabelled for none.
    ///   - folder: where the run is written; by one process, rank 0, where several train together.
    ///   - machine: where to compute.
    ///   - maximumBad: the share of unusable images, 0...1, above which the run stops.
    ///   - resume: whether to go on from the last checkpoint, which must be there.
    ///   - allowsOtherImages: whether it may go on with other images than those that it learnt from; the epoch at hand then
    ///     begins again.
    ///   - group: the processes that train together.
    ///   - observer: told what happens.
    /// - Throws: `TrainingError`, `InvalidSetting`, `TorchError`, `FileError`, `SafetensorsError`.
    public init(
        _ experiment: Experiment, images: any Source, heldOut: (any Source)? = nil, folder: RunFolder,
        machine: Machine, maximumBad: Double = 0.01, resume: Bool = false, allowsOtherImages: Bool = false,
        group: ProcessGroup? = nil, observer: any TrainingObserver
    ) throws {
        ranks = Ranks(group)
        self.experiment = experiment
        self.folder = folder
        quarantine = QuarantineList(folder)
        self.machine = machine
        self.maximumBad = maximumBad
        configuration = try ConfigurationWriter.yaml(experiment)
        pipeline = try ViewPipeline(experiment.views)
        let training = experiment.training
        keeper = CheckpointKeeper(folder: folder, keep: training.keep)
        let method = experiment.method.component
        try experiment.check(views: pipeline)
        if folder.isWritten { lock = try folder.take(resumes: resume) }
        var (images, unlabelled) = try method.labelled(images)
        if let unlabelled { observer.notice(unlabelled) }
        var captions: CaptionTokens?
        do {
            if let captioned = try (method as? any CaptionedMethod)?.captioned(images, folder: folder, resumes: resume)
            {
                (images, captions) = (captioned.images, captioned.tokens)
                captioned.notes.forEach { observer.notice($0) }
            }
        } catch let error as InvalidSetting {
            throw TrainingError(error, inside: "method.\(experiment.method.name)")
        }
        self.images = images
        self.heldOut = heldOut
        self.captions = captions
        let scoring = HeldOutScore.prepare(
            experiment, images: images, heldOut: heldOut,
            extractor: FeatureExtractor(pipeline: pipeline, machine: machine, maximumBad: maximumBad))
        heldOutScore = scoring.score
        if let note = scoring.note { observer.notice(note) }
        guard images.count >= 2 else {
            throw TrainingError(.data, "there are \(images.count) images; a contrast needs two at least")
        }
        data = RunData(train: images, heldOut: heldOut)
        record = MachineRecord(machine, ranks: group?.ranks ?? 1)
        try ranks?.compare(configuration: configuration, images: data.train)
        // The last, smaller batch is left out: its loss has another ceiling, its batch norm other noise.
        sampler = try Sampler(of: images, training, ranks)
        if training.batchSize >= images.count {
            let smaller = images.count >= 8 ? "; try --set training.batch_size=\(images.count / 4)" : ""
            observer.notice(
                "training.batch_size is \(training.batchSize), there are \(images.count) images: all are one batch, so that an "
                    + "epoch is one step, and each image is compared with the same others every time\(smaller)")
        }
        try experiment.check(encoder: pipeline)
        guard ranks == nil || training.chunk == nil else {
            throw TrainingError(
                .unusable, "training.chunk: is for one process; with several, each passes its own part of the batch")
        }
        let setting = TrainingData(
            pairs: min(training.batchSize, images.count), images: images.count, classes: images.classes.count,
            ranks: ranks?.group.ranks ?? 1, seed: training.seed)
        do throws(InvalidSetting) {
            try method.validate(setting)
        } catch {
            throw TrainingError(error, inside: "method.\(experiment.method.name)")
        }
        let generator = try Generator(seed: training.seed)
        model = try method.build(encoder: experiment.encoder.component, data: setting, generator: generator)
        try machine.take(model, precision: training.precision)
        optimizer = try training.optimizer.component.build(model.namedParameters)
        stepGuard = try StepGuard(model, policy: training.onNonfinite)
        position = Checkpoint.Position()
        if resume, folder.isWritten {
            let resumption = Resumption(
                folder: folder, experiment: experiment, configuration: configuration, images: images, heldOut: heldOut,
                data: data, machine: record, batches: sampler.batches, allowsOtherImages: allowsOtherImages)
            position = try keeper.restore(resumption, into: model, optimizer, notice: { observer.notice($0) })
            quarantine.resume()
        }
        if let begun = try ranks?.begin(model, optimizer, position: position) { position = begun }
        firstStep = position.step
    }

    /// Trains to the end, or until `stop` says so after a step or while the encoder is scored; the folder then holds a checkpoint and the encoder.
    /// - Throws: `TrainingError`, `LoaderError`, `TorchError`, `FileError`.
    public func run(observer: any TrainingObserver, stop: () -> Bool = { false }) throws -> Outcome {
        let training = experiment.training
        defer { lock = nil }
        let log = try openLog()
        var options = DeviceFeed.options(for: machine)
        options.badImages = .skip(maximum: maximumBad)
        let loader = try Loader(
            images, pipeline: pipeline, sampler: sampler, seed: training.seed,
            epochs: position.epoch..<training.epochs, from: position.batch, options: options)
        let feed = try DeviceFeed(loader, pipeline, machine)
        defer {
            loader.stop()
            // A run that fails, as over too many of these images, has to name them all the more.
            try? quarantine.add(loader.quarantine)
        }
        let steps = training.epochs * sampler.batches
        var monitor = Monitor(
            every: experiment.method.component.requirements.pairs ? experiment.evaluation.diagnoseEvery : 0)
        for epoch in position.epoch..<training.epochs {
            var clock = Stopwatch(loader)
            var last: Objective?
            pass: while true {
                let batch: ViewBatch
                var counts: [Int] = []
                switch try next(feed, stop: stop) {
                case .endOfEpoch: break pass
                case .stop: return try interrupt(loader, epoch: epoch)
                case .batch(let next, let all): (batch, counts) = (next, all)
                }
                // A place in the schedule belongs to a batch, whether or not earlier ones were left out.
                let place = epoch * sampler.batches + batch.index
                let factor = rate(at: place, of: steps)
                let count = counts.reduce(0, +)
                guard count >= 2 else { continue }
                let objective: Objective
                do {
                    objective = try step(
                        batch, feed, counts: counts, factor: factor,
                        progress: Double(place) / Double(steps))
                } catch let fault as NonfiniteStep {
                    // The loss and the gradient are those of all ranks, so all leave the step out.
                    observer.notice(
                        try position.leaveOut(
                            batch, fault, factor: factor, experiment, images,
                            folder: folder))
                    continue
                }
                position.nonfinite?.inARow = 0
                let loss = try objective.loss.item()
                let lr = training.optimizer.component.lr * factor
                last = objective
                position.step += 1
                position.batch = batch.index + 1
                position.skipped = quarantine.count(with: loader.quarantine)
                let contrast = try objective.contrast?.item() ?? loss
                position.meter.add(
                    loss: loss, contrast: contrast, candidates: objective.candidates, images: count)
                clock.lap(into: &position.meter)
                if position.step % training.logEvery == 0 {
                    try log?.write(
                        stepRecord(epoch: epoch, loss: loss, contrast: contrast, objective: objective, lr: lr))
                }
                observer.stepped(progress(epoch: epoch, loss: loss, contrast: contrast, objective: objective))
                if let every = training.checkpointEvery, position.step % every == 0 {
                    try quarantine.add(ranks?.union(loader.quarantine) ?? loader.quarantine)
                    try save()
                }
                // Several ranks agree to stop before the next step.
                if ranks == nil, stop() { return try interrupt(loader, epoch: epoch) }
            }
            clock.lap(into: &position.meter)
            try quarantine.add(ranks?.union(loader.quarantine) ?? loader.quarantine)
            position.skipped = quarantine.count
            // A run that was stopped after the pass's last step resumes here, with nothing left to load.
            guard position.meter.steps > 0 else {
                throw position.emptyEpoch(experiment, nonfinite: folder.nonfinite)
            }
            let record = try log.flatMap { _ in try epochRecord(epoch: epoch, last: last, stop: stop) }
            // A pass whose score was given up ends anew when the run goes on, from its last step.
            if try ranks?.barrier(stopping: log != nil && record == nil) ?? (record == nil) {
                return try interrupt(loader, epoch: epoch)
            }
            var isBest = false
            if let log, let record {
                try log.write(record)
                observer.finished(record)
                if let last {
                    let tau = model.temperature(at: Double(epoch + 1) / Double(training.epochs))
                    try monitor.look(
                        at: last, temperature: tau, epoch: epoch + 1, step: position.step, log: log, observer: observer)
                }
                isBest = position.improves(record.valKnnTop1)
                if isBest && training.keep > 1 {
                    try EncoderFile.write(model.encoder, experiment: experiment, to: folder.bestEncoder)
                }
            }
            position.epoch = epoch + 1
            position.batch = 0
            position.meter = EpochMeter()
            let isDue = (epoch + 1) % training.checkpointEpochs == 0 || epoch + 1 == training.epochs
            if isDue || (isBest && training.keep > 1) { try save(epoch: epoch + 1, isBest: isBest) }
            try ranks?.barrier()
        }
        try writeEncoder(epochs: training.epochs)
        if let ranks { observer.notice(ranks.summary(steps: position.step - firstStep)) }
        return .finished
    }

    /// The next batch; alone, a run asks whether to stop after its step.
    private func next(_ feed: DeviceFeed, stop: () -> Bool) throws -> Ranks.Turn {
        if let ranks { return try ranks.next(feed, stop: stop()) }
        return try feed.next().map { .batch($0, counts: [$0.count]) } ?? .endOfEpoch
    }

    /// Leaves what a run needs to be resumed.
    private func interrupt(_ loader: Loader, epoch: Int) throws -> Outcome {
        try quarantine.add(ranks?.union(loader.quarantine) ?? loader.quarantine)
        try save()
        try writeEncoder(epochs: epoch)
        return .interrupted
    }

    /// Begins or goes on with the run's files, on the rank that writes them.
    private func openLog() throws -> RunLog? {
        guard folder.isWritten else { return nil }
        try AtomicFile.write(configuration, to: folder.configuration)
        // A run that was killed before its first checkpoint has lines too.
        let log = try RunLog(folder, resumingAt: position)
        try NonfiniteLog.truncate(folder.nonfinite, at: position)
        if position.step == 0, folder.hasPictures { try showViews(log) }
        // What a run began with stays: labels of features are by this list.
        if !images.classes.isEmpty, position.step == 0 || ClassNames.read(folder.classes) == nil {
            try AtomicFile.write(ClassNames.text(images.classes), to: folder.classes)
        }
        return log
    }

    private func writeEncoder(epochs: Int) throws {
        if folder.isWritten {
            try EncoderFile.write(model, experiment: experiment, epochs: epochs, to: folder)
        }
        try ranks?.finish()
    }

    /// The learning rate's factor for a place in the run.
    private func rate(at place: Int, of steps: Int) -> Double {
        experiment.training.schedule.component.factor(step: place, steps: steps, stepsPerEpoch: sampler.batches)
            * (position.nonfinite?.rate ?? 1)
    }

    /// One optimiser step on one batch; what fails for want of memory says what to lower.
    private func step(
        _ batch: ViewBatch, _ feed: DeviceFeed, counts: [Int], factor: Double, progress: Double
    ) throws -> Objective {
        do {
            return try takeStep(batch, feed, counts: counts, factor: factor, progress: progress)
        } catch let error as TorchError where error.isOutOfMemory {
            throw error.advising(experiment)
        }
    }

    private func takeStep(
        _ batch: ViewBatch, _ feed: DeviceFeed, counts: [Int], factor: Double, progress: Double
    ) throws -> Objective {
        try stepGuard.begin()
        try optimizer.zeroGrad()
        let cache = experiment.training.chunk.map { GradientCache(chunk: $0) }
        var labels = images.classes.isEmpty ? nil : batch.labels
        if let ranks, let own = labels { labels = try ranks.labels(own, counts: counts) }
        let objective = try model.objective(
            ContrastiveBatch(
                branches: try feed.views(of: batch), labels: labels,
                tokens: try captions?.tensor(batch.samples).to(device: machine.device), samples: batch.samples,
                progress: progress, cache: cache, ranks: ranks.map { BatchRanks(group: $0.group, counts: counts) },
                precision: experiment.training.precision))
        if let ranks {
            // Every rank computes the loss of the whole batch, and the gradients of all ranks are added.
            try (objective.loss / Double(ranks.group.ranks)).backward()
            try ranks.group.finishGradients()
        } else {
            try objective.loss.backward()
            try cache?.backward()
        }
        try feed.prefetch()
        try ranks?.group.synchronize()
        try stepGuard.check(loss: objective.loss.item())
        try optimizer.step(factor: factor)
        return objective
    }

    /// Writes the state; that of the end of a pass may be kept for longer.
    private func save(epoch: Int? = nil, isBest: Bool = false) throws {
        guard folder.isWritten else { return }
        if !isListed { try ImageList.write(train: images, heldOut: heldOut, to: folder) }
        isListed = true
        try keeper.save(
            Checkpoint(position: position, configuration: configuration, data: data, machine: record), model: model,
            optimizer: optimizer, epoch: epoch, isBest: isBest)
    }

    /// Draws what the trainer will see, into the folder and into TensorBoard.
    private func showViews(_ log: RunLog) throws {
        let sheet = ContactSheet(pipeline: pipeline, seed: experiment.training.seed)
        guard let picture = try? sheet.draw(images, count: 8) else { return }
        let png = try PNGWriter.encode(picture)
        try AtomicFile.write(png, to: folder.views)
        try log.write(picture: png, width: picture.size.width, height: picture.size.height, tag: "views")
    }

    private func progress(epoch: Int, loss: Double, contrast: Double, objective: Objective) -> TrainingProgress {
        let meter = position.meter
        let left = experiment.training.epochs * sampler.batches - (epoch * sampler.batches + position.batch)
        return TrainingProgress(
            epoch: epoch + 1, epochs: experiment.training.epochs, batch: position.batch, batches: sampler.batches,
            loss: loss, bound: objective.candidates.map { log(Double($0)) - contrast }, ceiling: meter.ceiling,
            imagesPerSecond: Double(meter.images) / max(meter.seconds, 1e-9),
            dataWait: meter.waited / max(meter.seconds, 1e-9),
            secondsLeft: meter.seconds / Double(max(meter.steps, 1)) * Double(left))
    }

    private func stepRecord(
        epoch: Int, loss: Double, contrast: Double, objective: Objective, lr: Double
    ) -> StepRecord {
        let ceiling = objective.candidates.map { log(Double($0)) }
        return StepRecord(
            epoch: epoch + 1, step: position.step, trainLoss: loss, miBound: ceiling.map { $0 - contrast },
            miCeiling: ceiling ?? 0, lr: lr)
    }

    /// What a pass was; nil where `stop` said so while its encoder was scored.
    private func epochRecord(epoch: Int, last: Objective?, stop: () -> Bool) throws -> EpochRecord? {
        let training = experiment.training
        let meter = position.meter
        let factor = rate(
            at: epoch * sampler.batches + position.batch - 1, of: training.epochs * sampler.batches)
        let score: Double?
        do {
            score = try heldOutScore?.top1(of: model.encoder, after: epoch + 1, stop: stop)
        } catch is EvaluationStopped {
            return nil
        }
        return EpochRecord(
            epoch: epoch + 1, step: position.step, trainLoss: meter.loss / Double(max(meter.steps, 1)),
            miBound: meter.bounded > 0 ? meter.bound / Double(meter.bounded) : nil, miCeiling: meter.ceiling,
            alignment: try last.map { try EmbeddingGeometry.alignment($0.embeddings.first, $0.embeddings.second) },
            uniformity: try last.map {
                try
                    (EmbeddingGeometry.uniformity($0.embeddings.first)
                    + EmbeddingGeometry.uniformity($0.embeddings.second)) / 2
            },
            effectiveRank: try last.map { try EmbeddingGeometry.effectiveRank($0.embeddings.first) },
            lr: training.optimizer.component.lr * factor,
            imagesPerSecond: Double(meter.images) / max(meter.seconds, 1e-9),
            dataWait: meter.waited / max(meter.seconds, 1e-9), seconds: meter.seconds, skipped: position.skipped,
            valKnnTop1: score)
    }
}
