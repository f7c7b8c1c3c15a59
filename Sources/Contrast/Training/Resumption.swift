import Foundation
import Views

/// How a run continues from a checkpoint: what must be the same, what may differ with a note, and where it begins.
struct Resumption {
    let folder: RunFolder
    /// The run as it is now.
    let run: RunIdentity
    /// Batches of an epoch.
    let batches: Int
    /// Whether the user allows other images.
    let allowsOtherImages: Bool

    private var experiment: Experiment { run.experiment }

    /// A position to begin from, and what the user should know.
    struct Start {
        var position: Checkpoint.Position
        var notes: [String]
    }

    /// Compares a checkpoint with what is at hand.
    /// - Throws: `TrainingError`, of kind `unusable` for settings and of kind `data` for images; nothing has been
    ///   written.
    func start(from file: CheckpointFile) throws(TrainingError) -> Start {
        let checkpoint = file.checkpoint
        try compareSettings(file)
        var start = Start(position: checkpoint.position, notes: [])
        let epochs = experiment.training.epochs
        try extend(&start, file)
        try compareImages(&start, checkpoint)
        guard start.position.batch <= batches else {
            throw TrainingError(.failed, "\(file.path): is damaged: it speaks of a batch that no epoch has")
        }
        if start.position.epoch == epochs {
            start.notes.append(
                "\(folder.path): all \(epochs) epochs are done; --resume --epochs N goes on to more")
        } else if let note = checkpoint.machine.flatMap({ run.machine.note(was: $0) }) {
            start.notes.append("note: \(note)")
        }
        return start
    }

    // MARK: Settings

    /// Settings that may change when a run continues: they do not change its weights, or say how far it goes.
    private static let free: Set = [
        "training.log_every", "training.checkpoint_every", "training.checkpoint_epochs", "training.keep",
        "training.on_nonfinite", "training.epochs", "training.patience",
    ]

    private func compareSettings(_ file: CheckpointFile) throws(TrainingError) {
        let other = file.checkpoint.configuration
        guard run.configuration != other else { return }
        // Settings that the checkpoint's version did not know had their defaults.
        let whole = (try? file.experiment()).flatMap { try? ConfigurationWriter.yaml($0) } ?? other
        let found = try? ConfigurationDifference.between(run.configuration, whole)
        let changed =
            found.map { $0.filter { !Resumption.free.contains($0.path) }.map(\.description) } ?? ["it is no YAML"]
        guard !changed.isEmpty else { return }
        let more = changed.count > 3 ? " and \(changed.count - 3) more" : ""
        throw TrainingError(
            .unusable,
            "\(file.path): belongs to another configuration (\(changed.prefix(3).joined(separator: "; "))\(more)); a run goes "
                + "on with its own settings: leave out the --pipeline, --set or --seed that changes them, undo what was "
                + "changed in \(folder.configuration), or begin another run in another --output")
    }

    // MARK: Epochs

    private func extend(_ start: inout Start, _ file: CheckpointFile) throws(TrainingError) {
        let (epochs, position) = (experiment.training.epochs, start.position)
        let begun = position.epoch + (position.batch > 0 ? 1 : 0)
        guard epochs >= begun else {
            let done = position.batch > 0 ? "the run is in epoch \(begun)" : "\(begun) epochs are done"
            throw TrainingError(
                .unusable,
                "training.epochs: is \(epochs), but \(done) (\(file.path)); it must be \(begun) at least")
        }
        guard let before = try? file.experiment().training, before.epochs != epochs else { return }
        let place = position.epoch * batches + position.batch
        let was = rate(at: max(place - 1, 0), of: before.epochs) * (position.nonfinite?.rate ?? 1)
        let now = rate(at: place, of: epochs) * (position.nonfinite?.rate ?? 1)
        let words =
            was == now
            ? "stays \(Resumption.rounded(now))" : "goes from \(Resumption.rounded(was)) to \(Resumption.rounded(now))"
        let schedule =
            "training.epochs is \(epochs), was \(before.epochs): from here on the schedule is that of a run of \(epochs) epochs"
        start.notes.append(epochs == position.epoch ? schedule : "\(schedule), and the learning rate \(words)")
    }

    /// The learning rate at a step of a run of some epochs.
    private func rate(at step: Int, of epochs: Int) -> Double {
        var training = experiment.training
        training.epochs = epochs
        return training.optimizer.component.lr * RunSchedule(training: training, batches: batches).factor(at: step)
    }

    private static func rounded(_ rate: Double) -> String { String(format: "%.3g", rate) }

    // MARK: Images

    private func compareImages(_ start: inout Start, _ checkpoint: Checkpoint) throws(TrainingError) {
        guard let before = checkpoint.data else { return try compareCounts(&start) }
        if let difference = run.data.difference(from: before, list: nil) {
            let list = ImageList(folder, of: before).map {
                ImageDifference(
                    ImageList(train: run.images, heldOut: run.heldOut), run.data.classes, from: $0, before.classes)
            }
            try goOn(&start, with: run.data.difference(from: before, list: list) ?? difference)
            if run.data.classes != before.classes, experiment.method.component.requirements.labels == .required {
                throw TrainingError(
                    .unusable,
                    "\(folder.path): method.\(experiment.method.name) distinguishes the classes that it was trained on, so it "
                        + "cannot go on with others; begin another run in another --output")
            }
        } else if run.data.heldOut != before.heldOut {
            let (now, was) = (run.data.heldOut?.count ?? 0, before.heldOut?.count ?? 0)
            start.notes.append(
                "note: the held-out images are others (\(grouped(now)), were \(grouped(was))): the run goes on bit for bit, but "
                    + "kNN scores from here on are not to be compared with those before")
        }
    }

    /// Of checkpoints that do not say which images they are of, the place alone can tell.
    private func compareCounts(_ start: inout Start) throws(TrainingError) {
        let position = start.position
        if position.batch > batches || position.step > position.epoch * batches + position.batch {
            try goOn(
                &start,
                with:
                    "the run was trained on more images than there are now: \(run.data.description) make "
                    + "\(grouped(batches)) batches an epoch, and it has done \(grouped(position.step)) in epoch \(position.epoch + 1)"
            )
        } else {
            start.notes.append(
                "note: the checkpoint is of a version that kept no list of the images: whether these are the same cannot be told"
            )
        }
    }

    /// Begins the epoch at hand again, where the user allows it: another list has another order.
    private func goOn(_ start: inout Start, with difference: String) throws(TrainingError) {
        guard !experiment.method.component.requirements.rowsOfImages else {
            throw TrainingError(
                .data,
                "\(folder.path): \(difference); method.\(experiment.method.name) keeps a row for each of its images, so it can "
                    + "go on with the same ones only")
        }
        guard allowsOtherImages else {
            throw TrainingError(
                .data,
                "\(folder.path): \(difference); give it the same images (is all of it mounted?), or go on with what is there by "
                    + "--resume --allow-other-images")
        }
        let epoch = start.position.epoch + 1
        let again = start.position.batch > 0 ? "epoch \(epoch) begins again with them" : "from epoch \(epoch) on"
        start.notes.append("going on with other images, \(again): \(difference)")
        start.position.batch = 0
        start.position.meter = EpochMeter()
    }
}
