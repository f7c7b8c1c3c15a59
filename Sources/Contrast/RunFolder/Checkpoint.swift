import Files
import Foundation
import Torch
import Views

/// Everything that a run needs to continue bit for bit: weights, optimiser, and the position in the data.
///
/// A safetensors file: tensors under `model.` and `optimizer.`, the rest as notes, one of them its `Checksum`. Views and
/// order need no state: they are functions of the seed, the position and the list of images. `CheckpointFile` reads it.
struct Checkpoint {
    /// The position in a run.
    struct Position: Codable, Equatable, Sendable {
        /// Epochs done.
        var epoch = 0
        /// Batches done in the current epoch.
        var batch = 0
        /// Steps done.
        var step = 0
        /// Images skipped so far.
        var skipped = 0
        /// Sums over the current epoch.
        var meter = EpochMeter()
        /// Steps that were not finite; nil if there was none.
        var nonfinite: NonfiniteCount?
        /// The best score so far, by `training.best`.
        var best: Double?
        /// Scored epochs since then; nil where there was none.
        var sinceBest: Int?

        /// Keeps a score that is better than all before, and returns whether it is.
        mutating func recordIfBest(_ score: Double?) -> Bool {
            guard let score else { return false }
            guard score > best ?? -.infinity else {
                sinceBest = (sinceBest ?? 0) + 1
                return false
            }
            (best, sinceBest) = (score, nil)
            return true
        }
    }

    var position: Position
    /// The resolved configuration as YAML, which a resumed run must share.
    var configuration: String
    /// The images of the run; nil in checkpoints of versions that did not say.
    var data: RunData?
    /// What computed it; nil in checkpoints of versions that did not say.
    var machine: MachineRecord?

    static let format = "diptych checkpoint 2"

    /// Writes the state of a run, whole or not at all.
    func write(model: any Module, optimizer: any Optimizer, to path: String) throws {
        var tensors: [String: Tensor] = [:]
        for (key, tensor) in model.stateDict { tensors["model.\(key)"] = tensor }
        for (key, tensor) in optimizer.state { tensors["optimizer.\(key)"] = tensor }
        var notes = [
            "format": Checkpoint.format, "configuration": configuration, "position": try text(position),
            Checksum.placeholder.key: Checksum.placeholder.value,
        ]
        if let data { notes["images"] = try text(data) }
        if let machine { notes["machine"] = try text(machine) }
        var bytes = try Safetensors(tensors: tensors, metadata: notes).bytes()
        Checksum.embed(in: &bytes)
        try AtomicFile.write(bytes, to: path)
    }

    private func text(_ value: some Encodable) throws -> String {
        let encoder = JSON.encoder()
        // As checkpoints have had them from the first version on.
        encoder.keyEncodingStrategy = .useDefaultKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension Checkpoint.Position {
    /// Whether a run can have this position; a file is not trusted.
    var isPossible: Bool {
        let counts = [batch, step, skipped, meter.steps, meter.images, meter.bounded, nonfinite?.total ?? 0]
        return (0...1_000_000).contains(epoch) && counts.allSatisfy { (0...1 << 48).contains($0) }
            && (nonfinite?.rate ?? 1) > 0 && (nonfinite?.inARow ?? 0) >= 0
    }

    /// `epoch 7 of 20`, or `epoch 8 of 20, batch 3` inside of one.
    func description(of epochs: Int) -> String {
        batch == 0 ? "epoch \(epoch) of \(epochs)" : "epoch \(epoch + 1) of \(epochs), batch \(batch)"
    }
}
