import Files
import Foundation
import Torch
import Views

/// What a run does with a step whose loss or gradient is not finite; its weights are never moved by one.
public enum NonfinitePolicy: String, Codable, Sendable, CaseIterable {
    /// Ends the run, which can be resumed from its last checkpoint.
    case stop
    /// Leaves the batch out, as if it had not been met.
    case skip
    /// Leaves the batch out, and halves the learning rate for the rest of the run.
    case halve
}

/// A step whose loss or gradient is not finite.
struct NonfiniteStep: Error, Equatable {
    var loss: Double
    /// The length of all gradients together.
    var gradient: Double

    var words: String { loss.isFinite ? "the gradient's length is \(gradient)" : "the loss is \(loss)" }
}

/// Such steps so far, as a checkpoint holds them.
struct NonfiniteCount: Codable, Equatable, Sendable {
    var total = 0
    var inARow = 0
    /// What the learning rate is multiplied by.
    var rate = 1.0
}

/// Keeps what the forward pass of a step changes, so that a step that is left out leaves nothing behind: statistics of batch
/// norm, queues and banks of embeddings, networks that follow others.
final class StepGuard {
    /// Steps in a row that may be left out: more are no accident of a batch.
    static let mostInARow = 16

    private let parameters: [Parameter]
    private let kept: [(place: Tensor, copy: Tensor)]

    init(_ model: any Module, policy: NonfinitePolicy) throws(TorchError) {
        let trained = model.namedParameters
        parameters = trained.map(\.parameter)
        guard policy != .stop else {
            kept = []
            return
        }
        let keys = Set(trained.map(\.key))
        var kept: [(place: Tensor, copy: Tensor)] = []
        for (key, place) in model.stateDict where !keys.contains(key) { kept.append((place, try place.clone())) }
        self.kept = kept
    }

    /// Remembers the state before a step.
    func begin() throws(TorchError) { for (place, copy) in kept { try copy.copy(from: place) } }

    /// Checks a step before the optimiser takes it.
    /// - Throws: `NonfiniteStep`, the state being that before the step; `TorchError`.
    func check(loss: Double) throws {
        let norm = try Parameter.gradientNorm(parameters)
        guard !loss.isFinite || !norm.isFinite else { return }
        for (place, copy) in kept { try place.copy(from: copy) }
        throw NonfiniteStep(loss: loss, gradient: norm)
    }
}

/// One line of nonfinite.jsonl: the batch, from which its views can be made again, for they are a function of the seed, the pass and
/// the image.
struct NonfiniteRecord: Codable, Equatable, Sendable {
    /// The pass, from 1.
    var epoch: Int
    /// The batch in the pass, from 1.
    var batch: Int
    /// Steps that the optimiser had taken.
    var step: Int
    var loss: Double
    var gradient: Double
    var lr: Double
    var seed: UInt64
    var action: NonfinitePolicy
    /// The images' places in the source.
    var samples: [Int]
    var names: [String]
}

/// The list of such batches in a run folder.
enum NonfiniteLog {
    /// Adds a batch.
    static func append(_ record: NonfiniteRecord, to path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        try AppendingFile(path).append(try encoder.encode(record) + Data([0x0A]))
    }

    /// Drops the batches that a resumed run meets again.
    static func truncate(_ path: String, at position: Checkpoint.Position) throws(FileError) {
        struct Place: Decodable {
            var epoch: Int
            var batch: Int
        }
        guard let text = try? StoredFile.read(path) else { return }
        let kept = text.split(separator: 0x0A).filter { line in
            guard let place = try? JSONDecoder().decode(Place.self, from: Data(line)) else { return false }
            return (place.epoch, place.batch) <= (position.epoch + 1, position.batch)
        }
        try AtomicFile.write(kept.flatMap { $0 + [0x0A] }, to: path)
    }
}

extension Checkpoint.Position {
    /// Why an epoch had no step: for want of images, or of losses that are finite, which is not the data's fault.
    func emptyEpoch(_ experiment: Experiment, nonfinite list: String) -> TrainingError {
        guard let nonfinite, nonfinite.inARow > 0 else {
            return TrainingError(.data, "no batch of epoch \(epoch + 1) had two usable images")
        }
        return TrainingError(
            .failed,
            "no batch of epoch \(epoch + 1) had a finite loss and gradient; lower training.optimizer."
                + "\(experiment.training.optimizer.name).lr or raise the temperature; the images are listed in \(list)")
    }

    /// Does with a batch that gave no finite step what the configuration says, and lists it.
    /// - Parameters:
    ///   - factor: what multiplies the learning rate.
    ///   - folder: where it is listed; of several processes the one that writes the folder lists its own images.
    /// - Returns: what was done, in words.
    /// - Throws: `TrainingError` where the run must stop; `FileError`.
    mutating func leaveOut(
        _ batch: ViewBatch, _ fault: NonfiniteStep, factor: Double, _ experiment: Experiment, _ images: any Source,
        folder: RunFolder
    ) throws -> String {
        let training = experiment.training
        let policy = training.onNonfinite
        let record = NonfiniteRecord(
            epoch: batch.epoch + 1, batch: batch.index + 1, step: step, loss: fault.loss, gradient: fault.gradient,
            lr: training.optimizer.component.lr * factor, seed: training.seed, action: policy, samples: batch.samples,
            names: batch.samples.map { images.name($0) })
        if folder.isWritten { try NonfiniteLog.append(record, to: folder.nonfinite) }
        let place = "\(fault.words) at step \(step + 1) (epoch \(batch.epoch + 1), batch \(batch.index + 1))"
        var count = nonfinite ?? NonfiniteCount()
        count.total += 1
        count.inARow += 1
        guard policy != .stop, count.inARow <= StepGuard.mostInARow else {
            let again = policy == .stop ? "" : ", the \(count.inARow)th in a row"
            throw TrainingError(
                .failed,
                "\(place)\(again); lower training.optimizer.\(training.optimizer.name).lr or raise the temperature, or resume "
                    + "with --set training.on_nonfinite=skip (or halve); the images are listed in \(folder.nonfinite)")
        }
        if policy == .halve { count.rate /= 2 }
        nonfinite = count
        self.batch = batch.index + 1
        return
            "\(place): left out\(policy == .halve ? ", the learning rate is halved" : ""); the images are listed in \(folder.nonfinite)"
    }
}
