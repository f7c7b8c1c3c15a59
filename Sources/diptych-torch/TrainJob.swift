import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych train`: reads the configuration, opens the images, and runs the trainer.
struct TrainJob {
    private let options: TrainCommand

    init(_ options: TrainCommand) { self.options = options }

    func run() throws {
        // Before anything else, so that no signal finds nobody.
        let interrupt = Interrupt(
            grace: options.grace, lost: "the state is that of the last checkpoint, and --resume goes on from it")
        let place = try JobEnvironment(ProcessInfo.processInfo.environment)
        guard place.isJob else { return try train(place, nil, interrupt) }
        // First of all, so that whatever goes wrong on one rank is heard by the others.
        let group = try ProcessGroup(place)
        try group.guarding { try train(place, group, interrupt) }
    }

    private func train(_ place: JobEnvironment, _ group: ProcessGroup?, _ interrupt: Interrupt) throws {
        // Rank 0 names the folder, for clocks may differ.
        var name = options.output ?? defaultFolder()
        if let group { name = try group.allGather(name)[0] }
        var folder = RunFolder(name, isWritten: place.rank == 0)
        folder.hasPictures = !options.images.isFolder(around: folder.path)
        // The others would say the same.
        let console: any TrainingObserver = place.rank == 0 ? Console() : Silence()
        let state = place.rank == 0 ? try folder.state() : .empty
        // A launcher starts a job again with the arguments of the first time, and cannot know how far it had come.
        let isAgain = options.resume || place.restarts > 0
        let resumes = try decide(place, group, isAgain && state == .resumable)
        let rereads = try decide(place, group, options.resume || resumes)
        if place.rank == 0 { try check(state, of: folder, isAgain: isAgain, console) }
        if place.rank == 0 { try Folder.check(folder.path) }
        let experiment = try configuration(folder, resumes: rereads, group, console)
        var reading = options.sides.reading(options.tolerance.reading)
        // Shards are read from one end to the other; elsewhere this says nothing.
        reading.readAhead = 8 << 20
        let split = try Split(
            images: options.images, side: options.sides.side, for: .choice, fraction: experiment.evaluation.holdOut,
            seed: experiment.training.seed,
            by: experiment.evaluation.holdOutBy, options: reading)
        console.notice("run: \(folder.path)")
        // Without classes nothing can be scored by kNN, so nothing is held out unless names say what.
        let holdsOut = !split.train.classes.isEmpty || experiment.evaluation.holdOutBy == .byName
        let images: any Source =
            holdsOut
            ? split.train : try OpenedImages(options.images, side: options.sides.side, options: reading).source
        split.summary?.lines.forEach { console.notice($0) }
        if holdsOut, !split.isOfSides {
            console.notice("\(counted(split.test.count, "image")) of these held out: \(split.words)")
        }
        let machine = try Machine(options.compute, of: place)
        if let group { try connect(group, machine.device, place) }
        interrupt.begin()
        let trainer = try Trainer(
            experiment, images: images, heldOut: split.train.classes.isEmpty ? nil : split.test, folder: folder,
            machine: machine, maximumBad: options.tolerance.maxBad, resume: resumes,
            allowsOtherImages: options.allowOtherImages, group: group, observer: console)
        switch try run(trainer, folder, console, interrupt) {
        case .finished:
            if place.rank == 0 { try Output.result(folder.encoder) }
        case .interrupted:
            throw Failure(.interrupted, "interrupted; go on with: \(options.resumption(of: folder.path))")
        }
    }

    /// Trains; what could not be written at the end of a long run says what is kept.
    private func run(
        _ trainer: Trainer, _ folder: RunFolder, _ console: any TrainingObserver, _ interrupt: Interrupt
    ) throws -> Trainer.Outcome {
        do {
            return try trainer.run(observer: console, stop: { interrupt.requested })
        } catch let error as FileError where (try? folder.state()) == .resumable {
            throw Failure(.failed, "\(error); \(folder.checkpoint) is whole, and --resume goes on from it")
        }
    }

    /// Refuses to write over what would be lost, and says what else is known of the folder.
    private func check(
        _ state: RunFolder.State, of folder: RunFolder, isAgain: Bool, _ console: any TrainingObserver
    ) throws {
        let lost =
            "\(folder.path): holds a run without its checkpoints, from which alone it could go on (is all of it mounted?); "
            + "choose another --output for a new run"
        switch (state, isAgain) {
        case (.resumable, true): break
        case (.begun, true):
            console.notice("\(folder.path): has no checkpoint yet; beginning anew with its configuration")
        case (.begun, false):
            console.notice("\(folder.path): has the beginning of a run that came to no checkpoint; beginning anew")
        case (.resumable, false):
            throw Failure(
                .unusable, "\(folder.path): holds a run already; go on with it by --resume, or choose another --output")
        case (.withoutCheckpoints, true): throw Failure(.unusable, lost)
        case (.withoutCheckpoints, false):
            throw Failure(.unusable, "\(folder.path): holds a run already; choose another --output")
        case (.empty, true) where options.resume:
            throw Failure(.unusable, "\(folder.path): there is no run to resume; leave out --resume to begin one")
        case (.foreign(let file), true) where options.resume && file != folder.configuration:
            throw Failure(.unusable, lost)
        case (.empty, _): break
        case (.foreign(let file), _):
            throw Failure(
                .unusable,
                "\(file): is in the way: it is not of a run that begins here, and would be written over; choose another --output"
            )
        }
    }

    /// Lets GPUs exchange what they compute, where all ranks have one.
    private func connect(_ group: ProcessGroup, _ device: Device, _ place: JobEnvironment) throws {
        let kinds = try group.allGather(device == .cpu ? "the processor" : "a GPU")
        if let other = kinds.firstIndex(where: { $0 != kinds[0] }) {
            throw Failure(
                .unusable,
                "--device: rank \(other) would train on \(kinds[other]), rank 0 on \(kinds[0]); take --device cpu, or cuda"
            )
        }
        if place.backend == .nccl, device == .cpu || !ProcessGroup.hasNCCL {
            throw Failure(
                .unusable,
                "DIPTYCH_BACKEND: nccl needs "
                    + (ProcessGroup.hasNCCL ? "--device cuda" : "a build with NCCL, see docs/scale.md"))
        }
        if device != .cpu, ProcessGroup.hasNCCL, place.backend != .gloo { try group.useNCCL(on: device) }
    }

    /// Rank 0's answer to a question.
    private func decide(_ place: JobEnvironment, _ group: ProcessGroup?, _ own: Bool) throws -> Bool {
        guard let group else { return own }
        return try group.allGather(own ? "yes" : "no")[0] == "yes"
    }

    /// The run's own configuration where it is resumed and nothing else is named, else the pipeline file's.
    private func configuration(
        _ folder: RunFolder, resumes: Bool, _ group: ProcessGroup?, _ console: any TrainingObserver
    ) throws -> Experiment {
        var settings = options.settings
        if let seed = options.seed { settings.overrides.append("training.seed=\(seed)") }
        if let epochs = options.epochs { settings.overrides.append("training.epochs=\(epochs)") }
        guard resumes, settings.pipeline == nil else { return try settings.reader().read(Experiment.self) }
        var (text, file) = ("", folder.configuration)
        if folder.isWritten {
            let own = try folder.ownConfiguration()
            (text, file) = (own.text, own.file)
            if own.isOfCheckpoint {
                console.notice("\(folder.configuration): is missing or empty; the settings are those in \(file)")
            }
        }
        // Rank 0's, for the folder may be on its machine only.
        if let group { text = try group.allGather(text)[0] }
        do throws(ConfigurationError) {
            return try ConfigurationReader(file: file, text: text, overrides: settings.overrides).read(Experiment.self)
        } catch {
            guard error.file == folder.configuration else { throw error }
            throw Failure(
                .unusable, "\(error) (a resumed run without a config.yaml takes the settings in its checkpoint)")
        }
    }

    private func defaultFolder() -> String {
        let file = SystemPath.name(of: options.settings.pipeline ?? "simclr")
        let point = file.lastIndex(of: ".").flatMap { $0 > file.startIndex ? $0 : nil }
        let name = point.map { String(file[..<$0]) } ?? file
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyyMMdd-HHmmss"
        return "runs/\(name)-\(format.string(from: Date()))"
    }
}

/// Watches a run without a word.
private final class Silence: TrainingObserver {
    func notice(_ message: String) {}
    func stepped(_ progress: TrainingProgress) {}
    func finished(_ epoch: EpochRecord) {}
}

extension String {
    /// Whether this is a folder in which another path lies, or will.
    fileprivate func isFolder(around path: String) -> Bool {
        guard Folder.exists(self), let around = resolved else { return false }
        var inner = path
        while true {
            if let found = (inner.isEmpty ? "." : inner).resolved {
                return around.elementsEqual("/".utf8) || (found + "/".utf8).starts(with: around + "/".utf8)
            }
            guard !inner.isEmpty, inner != "/" else { return false }
            inner = SystemPath.folder(of: inner)
        }
    }

    /// The path without links, in bytes; nil where there is nothing.
    private var resolved: [UInt8]? {
        SystemPath.with(self) { path in
            guard let found = realpath(path, nil) else { return nil }
            defer { free(found) }
            return UnsafeRawBufferPointer(start: found, count: strlen(found)).map { $0 }
        }
    }
}
