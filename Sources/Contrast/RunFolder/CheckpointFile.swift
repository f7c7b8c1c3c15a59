import Files
import Foundation
import Torch
import Views

/// A checkpoint on disk with a valid checksum; its tensors are read on demand.
///
/// The file is memory-mapped. A run replaces checkpoints and never changes one, so the bytes stay valid while it
/// continues.
struct CheckpointFile {
    let path: String
    /// Everything but the tensors.
    let checkpoint: Checkpoint
    private let bytes: Data

    /// Opens a file and checks its checksum.
    /// - Throws: `FileError` if it cannot be read, though it may be valid; `TrainingError` of kind `unusable` if it is
    ///   of another version, of kind `failed` if it is damaged or not a checkpoint; `SafetensorsError` if it is
    ///   truncated.
    init(_ path: String) throws {
        guard SystemPath.with(path, { access($0, R_OK) }) == 0 else {
            throw FileError(path: path, failed: "cannot be read")
        }
        guard !Folder.exists(path) else { throw FileError(path: path, reason: "is a folder") }
        let bytes = try Safetensors.bytes(of: path)
        let notes = try Safetensors.metadata(of: bytes, path: path)
        let format = notes["format"]
        guard Checksum.verify(bytes) ?? (format != Checkpoint.format) else {
            throw TrainingError(.failed, "\(path): is damaged: its bytes do not match its checksum (sha256)")
        }
        if let format, format != Checkpoint.format, CheckpointFile.names(format) {
            throw TrainingError(
                .unusable,
                "\(path): is of another version, a \(format); this version reads \(Checkpoint.format): resume "
                    + "with the version that wrote it")
        }
        guard format == Checkpoint.format,
            let position = CheckpointFile.read(Checkpoint.Position.self, notes["position"])
        else { throw TrainingError(.failed, "\(path): is not a checkpoint of diptych") }
        guard position.isPossible else {
            throw TrainingError(.failed, "\(path): is damaged: its position in the run is impossible")
        }
        self.path = path
        self.bytes = bytes
        checkpoint = Checkpoint(
            position: position, configuration: notes["configuration"] ?? "",
            data: CheckpointFile.read(RunData.self, notes["images"]),
            machine: CheckpointFile.read(MachineRecord.self, notes["machine"]))
    }

    /// Whether a file is a checkpoint of any version, by its metadata.
    static func recognizes(_ path: String) -> Bool {
        guard let bytes = try? Safetensors.bytes(of: path),
            let format = try? Safetensors.metadata(of: bytes, path: path)["format"]
        else { return false }
        return names(format)
    }

    /// SHA-256 of the file, in hexadecimal.
    var hash: String { SHA256.hexadecimal(bytes) }

    /// The run's settings.
    /// - Throws: `ConfigurationError`.
    func experiment() throws -> Experiment {
        try ConfigurationReader(file: "\(path) (configuration)", text: checkpoint.configuration).read(Experiment.self)
    }

    /// The tensors whose keys begin with a prefix, by keys without it.
    /// - Throws: `SafetensorsError`.
    func tensors(_ prefix: String) throws(SafetensorsError) -> [String: Tensor] {
        let found = try Safetensors(bytes, path: path, tensors: { $0.hasPrefix(prefix) }).tensors
        return Dictionary(uniqueKeysWithValues: found.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
    }

    /// Loads the state into a model and an optimiser of its configuration.
    /// - Throws: `SafetensorsError`; `TrainingError` if it does not fit.
    func load(into model: any Module, _ optimizer: any Optimizer) throws {
        let (weights, state) = (try tensors("model."), try tensors("optimizer."))
        do throws(StateError) {
            try model.load(stateDict: weights)
            try optimizer.load(state: state)
        } catch {
            throw TrainingError(.unusable, "\(path): does not fit the model: \(error)")
        }
    }

    /// Loads the weights of a model for evaluation. Tensors with a row for each training image or class may have been
    /// built for fewer, and are not loaded.
    /// - Throws: `SafetensorsError`; `TrainingError` if a tensor is missing.
    func load(into model: any ContrastiveModel) throws {
        let weights = try tensors("model.")
        for (key, target) in model.stateDict {
            guard let value = weights[key] else {
                throw TrainingError(.unusable, "\(path): does not fit the model: \(key) is missing")
            }
            if value.shape == target.shape { try target.copy(from: value) }
        }
    }

    private static func names(_ format: String) -> Bool { format.hasPrefix("diptych checkpoint ") }

    private static func read<Value: Decodable>(_ type: Value.Type, _ text: String?) -> Value? {
        text.flatMap { try? JSONDecoder().decode(type, from: Data($0.utf8)) }
    }
}
