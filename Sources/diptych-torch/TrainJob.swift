import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych train`: reads the configuration, opens the images, and runs the trainer.
struct TrainJob {
    private let options: Train

    init(_ options: Train) { self.options = options }

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
        let folder = RunFolder(name, isWritten: place.rank == 0)
        // A launcher starts a job again with the arguments of the first time, and cannot know how far it had come.
        let resumes = try decide(place, group, (options.resume || place.restarts > 0) && folder.hasCheckpoint)
        let rereads = try decide(place, group, options.resume || place.restarts > 0 && folder.hasCheckpoint)
        if place.rank != 0 {
            // The folder is rank 0's.
        } else if options.resume {
            guard folder.exists else {
                throw Failure(.unusable, "\(folder.path): there is no run to resume; leave out --resume to begin one")
            }
        } else if folder.exists && place.restarts == 0 {
            throw Failure(
                .unusable, "\(folder.path): holds a run already; go on with it by --resume, or choose another --output")
        }
        if place.rank == 0 { try Folder.check(folder.path) }
        let experiment = try configuration(folder, resumes: rereads, group)
        var reading = SourceOptions()
        // Shards are read from one end to the other; elsewhere this says nothing.
        reading.readAhead = 8 << 20
        let split = try Split(
            images: options.images, side: options.sides.side, for: .choice, fraction: experiment.evaluation.holdOut,
            seed: experiment.training.seed,
            by: experiment.evaluation.holdOutBy, options: reading)
        // The others would say the same.
        let console: any TrainingObserver = place.rank == 0 ? Console() : Silence()
        if rereads && !resumes {
            console.notice("\(folder.path): has no checkpoint yet; beginning anew with its configuration")
        }
        // Without classes nothing can be scored by kNN, so nothing is held out unless names say what.
        let holdsOut = !split.train.classes.isEmpty || experiment.evaluation.holdOutBy == .byName
        let images: any Source =
            holdsOut
            ? split.train : try OpenedImages(options.images, side: options.sides.side, options: reading).source
        split.summary?.lines.forEach { console.notice($0) }
        if holdsOut, !split.isOfSides {
            console.notice("\(counted(split.test.count, "image")) of these held out: \(split.words)")
        }
        console.notice("\(folder.path): the run goes here")
        let machine = try Machine(options.compute, of: place)
        if let group { try connect(group, machine.device, place) }
        interrupt.begin()
        let trainer = try Trainer(
            experiment, images: images, heldOut: split.train.classes.isEmpty ? nil : split.test, folder: folder,
            machine: machine, maximumBad: options.tolerance.maxBad, resume: resumes, group: group,
            observer: console)
        switch try trainer.run(observer: console, stop: { interrupt.requested }) {
        case .finished:
            if place.rank == 0 { try Output.result(folder.encoder) }
        case .interrupted:
            throw Failure(
                .interrupted,
                "interrupted; go on with: \(options.resumption(of: folder.path))")
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
    private func configuration(_ folder: RunFolder, resumes: Bool, _ group: ProcessGroup?) throws -> Experiment {
        var settings = options.settings
        if let seed = options.seed { settings.overrides.append("training.seed=\(seed)") }
        if let epochs = options.epochs { settings.overrides.append("training.epochs=\(epochs)") }
        if let group, resumes, settings.pipeline == nil {
            // Rank 0's, for the folder may be on its machine only.
            let own = group.rank == 0 ? String(decoding: try StoredFile.read(folder.configuration), as: UTF8.self) : ""
            return try ConfigurationReader(
                file: folder.configuration, text: group.allGather(own)[0], overrides: settings.overrides
            ).read(Experiment.self)
        }
        return try settings.reader(otherwise: resumes ? folder.configuration : nil).read(Experiment.self)
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

extension Split {
    /// How the two parts were told apart, for people.
    var words: String {
        switch origin {
        case .folders(let train, let test): "\(train)/ and \(test)/"
        case .stratified(let seed, let fraction): "\(Int((fraction * 100).rounded()))% of each class, seed \(seed)"
        case .hashed(let seed, let fraction):
            "\(Int((fraction * 100).rounded()))% by hashes of the names, seed \(seed)"
        }
    }
}
