import Files
import Views

/// The list of batches whose loss or gradient was not finite, in nonfinite.jsonl.
struct NonfiniteLog {
    /// Nil on ranks that write nothing.
    private let file: JSONLines?

    /// Removes the batches that a resumed run repeats.
    init(_ folder: RunFolder, resumingAt position: Checkpoint.Position) throws(FileError) {
        struct Line: Decodable {
            var epoch: Int
            var batch: Int
        }
        file = folder.isWritten ? JSONLines(folder.nonfinite) : nil
        try file?.keep(Line.self) { ($0.epoch, $0.batch) <= (position.epoch + 1, position.batch) }
    }

    /// Adds a batch.
    func append(_ record: NonfiniteRecord) throws { try file?.append(record) }
}

/// One line of nonfinite.jsonl: the batch, from which its views can be drawn again, since they are a function of the
/// seed, the epoch and the image.
struct NonfiniteRecord: Codable, Equatable, Sendable {
    /// The epoch, from 1.
    var epoch: Int
    /// The batch in the epoch, from 1.
    var batch: Int
    /// The optimizer steps before it.
    var step: Int
    var loss: Double
    var gradient: Double
    var lr: Double
    var seed: UInt64
    var action: NonfinitePolicy
    /// The images' indices in the source, those of this rank.
    var samples: [Int]
    var names: [String]
}

extension NonfiniteRecord {
    /// The record of a step.
    /// - Parameter factor: the factor on the learning rate.
    init(
        _ fault: NonfiniteStep, _ batch: ViewBatch, _ position: Checkpoint.Position, _ run: RunIdentity, factor: Double
    ) {
        let training = run.experiment.training
        self.init(
            epoch: batch.epoch + 1, batch: batch.index + 1, step: position.step, loss: fault.loss,
            gradient: fault.gradient, lr: training.optimizer.component.lr * factor, seed: training.seed,
            action: training.onNonfinite, samples: batch.samples, names: batch.samples.map { run.images.name($0) })
    }

    private func description(_ fault: NonfiniteStep) -> String {
        "\(fault) at step \(step + 1) (epoch \(epoch), batch \(batch))"
    }

    /// The notice of a skipped batch.
    func notice(_ fault: NonfiniteStep, _ folder: RunFolder) -> String {
        "\(description(fault)): skipped\(action == .halve ? ", the learning rate is halved" : ""); "
            + "the images are listed in \(folder.nonfinite)"
    }

    /// The error that stops the run.
    func error(
        _ fault: NonfiniteStep, _ count: NonfiniteCount, _ experiment: Experiment, _ folder: RunFolder
    ) -> TrainingError {
        let again = action == .stop ? "" : ", the \(count.inARow)th in a row"
        return TrainingError(
            .failed,
            "\(description(fault))\(again); lower training.optimizer.\(experiment.training.optimizer.name).lr or raise "
                + "the temperature, or resume with --set training.on_nonfinite=skip (or halve); the images are listed in "
                + folder.nonfinite)
    }
}
