import Commands
import Contrast
import Files
import Foundation
import Views

/// `diptych train`: reads the configuration, opens the images, and runs the trainer.
struct TrainJob {
    private let options: Train

    init(_ options: Train) { self.options = options }

    func run() throws {
        let folder = RunFolder(options.output ?? defaultFolder())
        if options.resume {
            guard folder.exists else {
                throw Failure(.unusable, "\(folder.path): there is no run to resume; leave out --resume to begin one")
            }
        } else if folder.exists {
            throw Failure(
                .unusable, "\(folder.path): holds a run already; go on with it by --resume, or choose another --output")
        }
        let experiment = try configuration(folder)
        var reading = SourceOptions()
        // Shards are read from one end to the other; elsewhere this says nothing.
        reading.readAhead = 8 << 20
        let split = try Split(
            images: options.images, fraction: experiment.evaluation.holdOut, seed: experiment.training.seed,
            by: experiment.evaluation.holdOutBy, options: reading)
        let console = Console()
        // What starts a machine again cannot know how far the run had come.
        let resumes = options.resume && folder.hasCheckpoint
        if options.resume && !resumes {
            console.notice("\(folder.path): has no checkpoint yet; beginning anew with its configuration")
        }
        // Without classes nothing can be scored by kNN, so nothing is held out unless names say what.
        let holdsOut = !split.train.classes.isEmpty || experiment.evaluation.holdOutBy == .byName
        let images: any Source =
            holdsOut ? split.train : try Sources.open(Split.trainingFolder(in: options.images), options: reading)
        let classes = images.classes.isEmpty ? "no classes" : "\(images.classes.count) classes"
        let held = holdsOut ? ", \(split.test.count) held out (\(split.words))" : ""
        console.notice("\(options.images): \(images.count) images, \(classes)\(held)")
        for issue in split.issues.prefix(5) { console.notice("note: \(issue)") }
        let machine = try Machine(options.compute)
        let interrupt = Interrupt(
            grace: options.grace, lost: "the state is that of the last checkpoint, and --resume goes on from it")
        let trainer = try Trainer(
            experiment, images: images, heldOut: split.train.classes.isEmpty ? nil : split.test, folder: folder,
            machine: machine, maximumBad: options.tolerance.maxBad, resume: resumes, observer: console)
        switch try trainer.run(observer: console, stop: { interrupt.requested }) {
        case .finished:
            print("\(folder.encoder)")
        case .interrupted:
            throw Failure(
                .interrupted,
                "interrupted; go on with: diptych train \(options.images) --output \(folder.path) --resume")
        }
    }

    /// The run's own configuration where it is resumed and nothing else is named, else the pipeline file's.
    private func configuration(_ folder: RunFolder) throws -> Experiment {
        var settings = options.settings
        if let seed = options.seed { settings.overrides.append("training.seed=\(seed)") }
        if let epochs = options.epochs { settings.overrides.append("training.epochs=\(epochs)") }
        return try settings.reader(otherwise: options.resume ? folder.configuration : nil).read(Experiment.self)
    }

    private func defaultFolder() -> String {
        let file = URL(fileURLWithPath: options.settings.pipeline ?? "simclr")
        let name = file.deletingPathExtension().lastPathComponent
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.dateFormat = "yyyyMMdd-HHmmss"
        return "runs/\(name)-\(format.string(from: Date()))"
    }
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
