import Files
import Foundation
import Torch
import Views

/// Everything from which a run goes on bit for bit: weights, optimiser, and the place in the data.
///
/// A safetensors file: tensors under `model.` and `optimizer.`, the rest as notes, one of them the file's checksum (`Seal`). Views
/// and order need no state, being functions of the seed, the place and the list of images. `CheckpointFile` reads it.
struct Checkpoint {
    /// The place in a run.
    struct Position: Codable, Equatable, Sendable {
        /// Passes done.
        var epoch = 0
        /// Batches done in the pass at hand.
        var batch = 0
        /// Optimiser steps done.
        var step = 0
        /// Images that were skipped so far.
        var skipped = 0
        /// Sums over the pass at hand.
        var meter = EpochMeter()
        /// Steps that were not finite; nil where there was none.
        var nonfinite: NonfiniteCount?
        /// The best kNN score so far.
        var best: Double?

        /// Whether a score is better than all before, which it then is no longer.
        mutating func improves(_ score: Double?) -> Bool {
            guard let score, score > best ?? -.infinity else { return false }
            best = score
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
            Seal.note.key: Seal.note.value,
        ]
        if let data { notes["images"] = try text(data) }
        if let machine { notes["machine"] = try text(machine) }
        var bytes = try Safetensors(tensors: tensors, metadata: notes).bytes()
        Seal.close(&bytes)
        try AtomicFile.write(bytes, to: path)
    }

    private func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension Checkpoint.Position {
    /// Whether a run can have been there; what is read from a file is not trusted.
    var isPossible: Bool {
        let counts = [batch, step, skipped, meter.steps, meter.images, meter.bounded, nonfinite?.total ?? 0]
        return (0...1_000_000).contains(epoch) && counts.allSatisfy { (0...1 << 48).contains($0) }
            && (nonfinite?.rate ?? 1) > 0 && (nonfinite?.inARow ?? 0) >= 0
    }

    /// `epoch 7 of 20`, or `epoch 8 of 20, batch 3` inside of one.
    func words(of epochs: Int) -> String {
        batch == 0 ? "epoch \(epoch) of \(epochs)" : "epoch \(epoch + 1) of \(epochs), batch \(batch)"
    }
}

/// Sums over the steps of a pass.
struct EpochMeter: Codable, Equatable, Sendable {
    var steps = 0
    var loss = 0.0
    var images = 0
    var seconds = 0.0
    var waited = 0.0
    var ceiling = 0.0
    /// Steps whose objective bounds mutual information.
    var bounded = 0
    var bound = 0.0

    /// Adds a step; `contrast` is the loss that belongs to the candidates, where it is another.
    mutating func add(loss: Double, contrast: Double? = nil, candidates: Int?, images: Int) {
        steps += 1
        self.loss += loss
        self.images += images
        if let candidates {
            bounded += 1
            bound += log(Double(candidates)) - (contrast ?? loss)
            ceiling = log(Double(candidates))
        }
    }
}
