import Files
import Foundation
import Torch

/// Everything from which a run goes on bit for bit: weights, optimiser, and the place in the data.
///
/// A safetensors file: tensors under `model.` and `optimizer.`, the rest as notes. Views and order need no state, being
/// functions of the seed and the place.
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
    }

    var position: Position
    /// The resolved configuration as YAML, which a resumed run must share.
    var configuration: String

    private static let format = "diptych checkpoint 1"

    /// Writes the state of a run, whole or not at all.
    func write(model: any Module, optimizer: any Optimizer, to path: String) throws {
        var tensors: [String: Tensor] = [:]
        for (key, tensor) in model.stateDict { tensors["model.\(key)"] = tensor }
        for (key, tensor) in optimizer.state { tensors["optimizer.\(key)"] = tensor }
        let notes = [
            "format": Checkpoint.format, "configuration": configuration,
            "position": String(decoding: try JSONEncoder().encode(position), as: UTF8.self),
        ]
        try Safetensors(tensors: tensors, metadata: notes).write(to: path)
    }

    /// Reads the state of a run into a model and an optimiser of the same configuration.
    /// - Throws: `SafetensorsError`, `TrainingError` where the file is no checkpoint of this configuration.
    static func read(
        _ path: String, configuration: String, into model: any Module, _ optimizer: any Optimizer
    ) throws -> Checkpoint {
        let file = try Safetensors(contentsOf: path)
        guard file.metadata["format"] == format, let text = file.metadata["position"],
            let position = try? JSONDecoder().decode(Position.self, from: Data(text.utf8))
        else { throw TrainingError(.failed, "\(path): is no checkpoint of this version of diptych") }
        guard file.metadata["configuration"] == configuration else {
            throw TrainingError(
                .unusable,
                "\(path): belongs to another configuration; resume without --pipeline, --set, --seed and --epochs, "
                    + "or choose another --output")
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
