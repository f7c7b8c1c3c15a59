import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych train`: reads the configuration, opens the images, and runs the trainer.
struct TrainJob {
    private let options: TrainCommand
    private let finetuning: FinetuneJob?

    /// - Parameter finetuning: what a training of a classifier has of its own; nil for `train`.
    init(_ options: TrainCommand, finetuning: FinetuneJob? = nil) {
        self.options = options
        self.finetuning = finetuning
    }

    func run() throws {
        // First, so that no signal is lost.
        let interrupt = Interrupt(
            grace: options.grace, lost: "--resume continues from the last checkpoint")
        try RankedJob.run { job in try train(job, interrupt) }
    }

    private func train(_ job: RankedJob, _ interrupt: Interrupt) throws {
        // Rank 0 names the folder: clocks may differ.
        var folder = RunFolder(try job.broadcast(options.output ?? defaultFolder()), isWritten: job.isFirst)
        folder.hasPictures = !options.images.isFolder(around: folder.path)
        // The other ranks would print the same.
        let console: any TrainingObserver = job.isFirst ? Console() : Silence()
        let state = job.isFirst ? try folder.state() : .empty
        // A launcher restarts a job with the same arguments, whatever its progress.
        let isAgain = options.resume || job.place.restarts > 0 && !options.dryRun
        let resumes = try job.broadcast(isAgain && state == .resumable)
        let rereads = try job.broadcast(options.resume || resumes)
        if job.isFirst {
            try check(state, of: folder, isAgain: isAgain, console)
            if !options.dryRun { try Folder.check(folder.path) }
        }
        var experiment = try configuration(folder, resumes: rereads, job, console)
        if finetuning != nil, !(experiment.method.component is Supervised) {
            throw Failure(
                .unusable,
                "\(folder.path): holds a run of method.\(experiment.method.name); diptych train --resume continues it")
        }
        let labelled = try finetuning?.images(experiment)
        if let finetuning, let labelled, !rereads { experiment = try finetuning.lengthened(experiment, on: labelled) }
        let images =
            try labelled.map { TrainingImages(train: $0.train, heldOut: $0.test, notes: $0.notes) }
            ?? TrainingImages(
                options.images, side: options.sides.side, experiment: experiment,
                reading: options.sides.reading(options.tolerance.reading))
        console.notice("run: \(folder.path)")
        images.notes.forEach(console.notice)
        let machine = try Machine(options.compute, of: job.place)
        try job.connect(machine.device)
        guard !options.dryRun else { return try showCost(of: experiment, images, machine, job) }
        interrupt.begin()
        var settings = Trainer.Options()
        settings.heldOut = images.heldOut
        settings.maximumBad = options.tolerance.maxBad
        (settings.resumes, settings.allowsOtherImages) = (resumes, options.allowOtherImages)
        settings.group = job.group
        settings.weightsPrefix = options.free.weightsPrefix
        let trainer = try Trainer(
            experiment, images: images.train, folder: folder, machine: machine, options: settings, observer: console)
        switch try run(trainer, folder, console, interrupt) {
        case .finished:
            guard job.isFirst else { return }
            guard let finetuning, let labelled else { return try Output.result(folder.encoder) }
            try finetuning.score(folder, on: labelled, machine: machine)
        case .interrupted:
            let command = finetuning?.resumption(of: folder.path) ?? options.resumption(of: folder.path)
            throw Failure(interrupt.status, "interrupted; go on with: \(command)")
        }
    }

    /// Prints the settings and, as comments, what the run will cost.
    private func showCost(
        of experiment: Experiment, _ images: TrainingImages, _ machine: Machine, _ job: RankedJob
    ) throws {
        var bench = StepBench()
        bench.steps = 5
        bench.maximumBad = options.tolerance.maxBad
        let cost = try bench.cost(of: experiment, images: images, machine: machine, group: job.group)
        guard job.isFirst else { return }
        let lines = cost.description.split(separator: "\n").map { "# \($0)" }
        try Output.result(ConfigurationWriter.yaml(experiment) + lines.joined(separator: "\n"))
    }

    /// Trains. If the end of a long run cannot be written, the error says what is kept.
    private func run(
        _ trainer: Trainer, _ folder: RunFolder, _ console: any TrainingObserver, _ interrupt: Interrupt
    ) throws -> Trainer.Outcome {
        do {
            return try trainer.run(stop: { interrupt.requested })
        } catch let error as FileError where (try? folder.state()) == .resumable {
            throw Failure(.failed, "\(error); \(folder.checkpoint) is complete, and --resume continues from it")
        }
    }

    /// Throws if a run would be overwritten, and prints notes about the folder.
    private func check(
        _ state: RunFolder.State, of folder: RunFolder, isAgain: Bool, _ console: any TrainingObserver
    ) throws {
        let lost =
            "\(folder.path): holds a run without its checkpoints, so it cannot be resumed (is everything mounted?); "
            + "choose another --output for a new run"
        switch (state, isAgain) {
        case (.resumable, true): break
        case (.begun, true):
            console.notice("\(folder.path): has no checkpoint yet; starting again with its configuration")
        case (.begun, false):
            console.notice("\(folder.path): has a run that ended before its first checkpoint; starting again")
        case (.resumable, false):
            throw Failure(
                .unusable, "\(folder.path): already holds a run; continue it with --resume, or choose another --output")
        case (.withoutCheckpoints, true): throw Failure(.unusable, lost)
        case (.withoutCheckpoints, false):
            throw Failure(.unusable, "\(folder.path): already holds a run; choose another --output")
        case (.empty, true) where options.resume:
            throw Failure(.unusable, "\(folder.path): there is no run to resume; omit --resume to start one")
        case (.foreign(let file), true) where options.resume && file != folder.configuration:
            throw Failure(.unusable, lost)
        case (.empty, _): break
        case (.foreign(let file), _):
            throw Failure(
                .unusable,
                "\(file): already exists and would be overwritten, but does not belong to this run; "
                    + "choose another --output")
        }
    }

    /// The run's own configuration if it is resumed without another file, else that of the pipeline file.
    private func configuration(
        _ folder: RunFolder, resumes: Bool, _ job: RankedJob, _ console: any TrainingObserver
    ) throws -> Experiment {
        if let finetuning, !resumes {
            let start = try finetuning.settings()
            start.notes.forEach(console.notice)
            return start.experiment
        }
        var settings = options.settings
        if let encoder = options.free.encoder { settings.overrides.append("encoder=\(encoder)") }
        if let seed = options.seed { settings.overrides.append("training.seed=\(seed)") }
        if let epochs = options.epochs { settings.overrides.append("training.epochs=\(epochs)") }
        guard resumes, settings.pipeline == nil else {
            let reader = try settings.reader()
            return try started(reader.read(Experiment.self), namesEncoder: reader.sections.contains("encoder"))
        }
        var (text, file) = ("", folder.configuration)
        if folder.isWritten {
            let own = try folder.ownConfiguration()
            (text, file) = (own.text, own.file)
            if own.isOfCheckpoint {
                console.notice("\(folder.configuration): is missing or empty; the settings are those in \(file)")
            }
        }
        let experiment: Experiment
        // From rank 0, because the folder may be only on its machine.
        text = try job.broadcast(text)
        do throws(ConfigurationError) {
            experiment = try ConfigurationReader(file: file, text: text, overrides: settings.overrides)
                .read(Experiment.self)
        } catch {
            guard error.file == folder.configuration else { throw error }
            throw Failure(
                .unusable, "\(error) (a resumed run without a config.yaml takes the settings in its checkpoint)")
        }
        // A resumed run does not read the weights again.
        return try started(experiment, namesEncoder: true)
    }

    /// The experiment with the weights that the options name.
    private func started(_ experiment: Experiment, namesEncoder: Bool) throws -> Experiment {
        guard let weights = options.free.weights else { return experiment }
        var use = try WeightsUse()
        use.experiment = experiment
        use.namesEncoder = namesEncoder
        use.prefix = options.free.weightsPrefix
        return try experiment.starting(from: weights, use: use)
    }

    private func defaultFolder() -> String {
        let file = SystemPath.name(of: options.settings.pipeline ?? (finetuning == nil ? "simclr" : "finetune"))
        let point = file.lastIndex(of: ".").flatMap { $0 > file.startIndex ? $0 : nil }
        let name = point.map { String(file[..<$0]) } ?? file
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyyMMdd-HHmmss"
        return "runs/\(name)-\(format.string(from: Date()))"
    }
}

/// An observer that shows nothing.
private final class Silence: TrainingObserver {
    func notice(_ message: String) {}
    func stepped(_ progress: TrainingProgress) {}
    func finished(_ epoch: EpochRecord) {}
}

extension String {
    /// Whether this is a folder that contains another path, or will contain it.
    fileprivate func isFolder(around path: String) -> Bool {
        guard Folder.exists(self), let around = SystemPath.resolved(self) else { return false }
        var inner = path
        while true {
            if let found = SystemPath.resolved(inner.isEmpty ? "." : inner) {
                return around.elementsEqual("/".utf8) || (found + "/".utf8).starts(with: around + "/".utf8)
            }
            guard !inner.isEmpty, inner != "/" else { return false }
            inner = SystemPath.folder(of: inner)
        }
    }
}
