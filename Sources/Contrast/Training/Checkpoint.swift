import Files
import Foundation
import Torch
import Views

/// Everything from which a run goes on bit for bit: weights, optimiser, and the place in the data.
///
/// A safetensors file: tensors under `model.` and `optimizer.`, the rest as notes, one of them the file's checksum (`Seal`). Views
/// and order need no state, being functions of the seed and the place.
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

    /// How far a run goes, which a place in it cannot exceed.
    struct Bounds: Equatable, Sendable {
        var epochs: Int
        /// Batches of a pass.
        var batches: Int

        func contain(_ position: Position) -> Bool {
            (0...epochs).contains(position.epoch) && (0...batches).contains(position.batch)
                && (0...epochs * batches).contains(position.step) && position.skipped >= 0
                && (0...batches).contains(position.meter.steps) && position.meter.images >= 0
                && (position.nonfinite?.rate ?? 1) > 0 && (position.nonfinite?.inARow ?? 0) >= 0
        }
    }

    var position: Position
    /// The resolved configuration as YAML, which a resumed run must share.
    var configuration: String

    private static let format = "diptych checkpoint 2"

    /// Writes the state of a run, whole or not at all.
    func write(model: any Module, optimizer: any Optimizer, to path: String) throws {
        var tensors: [String: Tensor] = [:]
        for (key, tensor) in model.stateDict { tensors["model.\(key)"] = tensor }
        for (key, tensor) in optimizer.state { tensors["optimizer.\(key)"] = tensor }
        let notes = [
            "format": Checkpoint.format, "configuration": configuration,
            "position": String(decoding: try JSONEncoder().encode(position), as: UTF8.self),
            Seal.note.key: Seal.note.value,
        ]
        var bytes = try Safetensors(tensors: tensors, metadata: notes).bytes()
        Seal.close(&bytes)
        try AtomicFile.write(bytes, to: path)
    }

    /// Reads the state of a run into a model and an optimiser of the same configuration.
    /// - Throws: `SafetensorsError`; `TrainingError`, of kind `failed` where the file is damaged, of kind `unusable` where it is of
    ///   another configuration or version.
    static func read(
        _ path: String, configuration: String, bounds: Bounds? = nil, into model: any Module, _ optimizer: any Optimizer
    ) throws -> Checkpoint {
        let bytes = try Safetensors.bytes(of: path)
        let file = try Safetensors(bytes, path: path)
        let found = file.metadata["format"]
        guard Seal.holds(bytes) ?? (found != format) else {
            throw TrainingError(.failed, "\(path): is damaged: its bytes are not those of its checksum (sha256)")
        }
        if let other = found, other != format, other.hasPrefix("diptych checkpoint ") {
            throw TrainingError(
                .unusable,
                "\(path): is of another version, a \(other); this one reads \(format): go on with the version that wrote it"
            )
        }
        guard found == format, let text = file.metadata["position"],
            let position = try? JSONDecoder().decode(Position.self, from: Data(text.utf8))
        else { throw TrainingError(.failed, "\(path): is no checkpoint of diptych") }
        if let bounds, !bounds.contain(position) {
            throw TrainingError(.failed, "\(path): is damaged: it speaks of a place that the run does not have")
        }
        let changed = differences(configuration, file.metadata["configuration"] ?? "")
        guard changed.isEmpty else {
            let more = changed.count > 3 ? " and \(changed.count - 3) more" : ""
            throw TrainingError(
                .unusable,
                "\(path): belongs to another configuration (\(changed.prefix(3).joined(separator: "; "))\(more)); "
                    + "resume without --pipeline, --set, --seed and --epochs, or choose another --output")
        }
        func part(_ prefix: String) -> [String: Tensor] {
            file.tensors.reduce(into: [:]) { part, entry in
                if entry.key.hasPrefix(prefix) { part[String(entry.key.dropFirst(prefix.count))] = entry.value }
            }
        }
        do throws(StateError) {
            try model.load(stateDict: part("model."))
            try optimizer.load(state: part("optimizer."))
        } catch {
            throw TrainingError(.failed, "\(path): does not fit the model: \(error)")
        }
        return Checkpoint(position: position, configuration: configuration)
    }
}

extension Checkpoint {
    /// Settings that a run may change when it goes on: they say what is kept and told, not what is computed.
    private static let free: Set = [
        "training.log_every", "training.checkpoint_every", "training.checkpoint_epochs", "training.keep",
        "training.on_nonfinite",
    ]

    /// In what a configuration differs from that of a checkpoint, in words.
    private static func differences(_ configuration: String, _ other: String) -> [String] {
        guard configuration != other else { return [] }
        // Settings that the checkpoint's version did not know had their defaults.
        let reader = try? ConfigurationReader(file: "checkpoint", text: other)
        let whole = (try? reader?.read(Experiment.self)).flatMap { try? ConfigurationWriter.yaml($0) } ?? other
        guard let found = try? ConfigurationDifference.between(configuration, whole) else { return ["it is no YAML"] }
        return found.filter { !free.contains($0.path) }.map(\.description)
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
