import Files
import Foundation
import Torch
import Views

/// A trained encoder with everything that is needed to use it: the network, its weights' hash, and how its input is
/// made.
public struct EncoderFile {
    /// The file of weights.
    public let path: String
    /// The network with the weights, in main memory.
    public let encoder: any Encoder
    /// The run's configuration.
    public let experiment: Experiment
    /// What the user should know of the choice of the file, in one line each.
    public let notes: [String]
    /// The run folder that it is of, where it was named by that or by a checkpoint in it.
    public let folder: RunFolder?
    private let checkpoint: CheckpointFile?

    /// Whether the weights are from elsewhere, so that there is no head and no run.
    public let isFree: Bool

    /// Whether it is a checkpoint's encoder, of a run that may not have ended.
    public var isOfCheckpoint: Bool { checkpoint != nil }

    /// SHA-256 of the file as it is now, in hexadecimal.
    /// - Throws: `TrainingError` where it cannot be read.
    public static func hash(_ path: String) throws(TrainingError) -> String {
        let data: Data
        do throws(FileError) { data = try StoredFile.read(path) } catch { throw TrainingError(.failed, "\(error)") }
        return SHA256.hexadecimal(data)
    }

    /// Opens a run folder's encoder or else its newest checkpoint, a file of weights that a run wrote, a checkpoint, or
    /// weights from elsewhere.
    /// - Parameters:
    ///   - path: the folder or file.
    ///   - use: how weights from elsewhere are used; ImageNet's protocol if nil.
    /// - Throws: `TrainingError`, `SafetensorsError`, `ConfigurationError`, `FileError`, `TorchError`.
    public init(_ path: String, use: WeightsUse? = nil) throws {
        let (file, checkpoint, notes) = try EncoderFile.choose(path)
        self.path = file
        self.checkpoint = checkpoint
        folder = Folder.exists(path) ? RunFolder(path) : RunFolder.holding(path)
        let own = try checkpoint?.experiment() ?? EncoderFile.configuration(file)
        isFree = own == nil
        guard let own else {
            let use = try use ?? WeightsUse()
            let weights = try WeightsFile(file)
            experiment = try use.experiment(of: weights)
            let pipeline = try ViewPipeline(experiment.views)
            try experiment.check(evaluated: pipeline)
            encoder = try experiment.encoder.component.build(generator: Generator(seed: 0))
            let loaded = try LoadedWeights(
                weights, for: encoder, name: experiment.encoder.name, prefix: use.prefix)
            try encoder.start(loaded.state)
            var words = notes + [loaded.words]
            if !use.namesEncoder, let vit = experiment.encoder.component as? ViT {
                words.append(
                    "note: \(vit.heads) heads of attention are assumed, which shapes do not show; others go by --encoder "
                        + "'{vit: {patch: \(vit.patch), width: \(vit.width), depth: \(vit.depth), heads: N}}'")
            }
            if !use.namesNormalization {
                words.append(
                    "note: images are normalised by ImageNet's mean and standard deviation, which the file does not "
                        + "say; others go by --set views.normalize")
            }
            self.notes = words
            return
        }
        self.notes = notes
        experiment = own
        let state = try checkpoint?.tensors("model.encoder.") ?? Safetensors(contentsOf: file).tensors
        encoder = try experiment.encoder.component.build(generator: Generator(seed: 0))
        do {
            // A classifier, also of weights from elsewhere, is not needed for features.
            let classifier = experiment.encoder.component.classifierKey
            try encoder.load(stateDict: state) { key in
                [classifier, "fc", "head"].contains { key.hasPrefix("\($0).") }
            }
        } catch {
            throw TrainingError(.unusable, "\(file): does not fit \(experiment.encoder.name): \(error)")
        }
    }

    /// The configuration of the run that a file, a run folder or a checkpoint is of; nil for weights from elsewhere.
    static func own(_ path: String) throws -> Experiment? {
        let (file, checkpoint, _) = try choose(path)
        return try checkpoint?.experiment() ?? configuration(file)
    }

    /// The file of weights that a path names.
    static func weights(of path: String) throws -> String { try choose(path).file }

    private static func configuration(_ file: String) throws -> Experiment? {
        guard !WeightsFile.isPyTorch(file), let data = try? Safetensors.bytes(of: file),
            let text = try? Safetensors.metadata(of: data, path: file)["configuration"]
        else { return nil }
        return try ConfigurationReader(file: file, text: text).read(Experiment.self)
    }

    /// SHA-256 of the weights' file, in hexadecimal: as it is now, or of a checkpoint, which the run replaces
    /// meanwhile, as it was opened.
    /// - Throws: `TrainingError` where it cannot be read.
    public func hash() throws(TrainingError) -> String {
        if let checkpoint { return checkpoint.hash }
        return try EncoderFile.hash(path)
    }

    /// Takes up what of a model evaluation needs beside the encoder: from the checkpoint, else from files in the run
    /// folder.
    func load(_ model: any ContrastiveModel, otherwise files: (RunFolder) throws -> Void) throws {
        if let checkpoint { try checkpoint.load(into: model) } else { try files(folder ?? RunFolder(path)) }
    }

    /// The file that a command's RUN names, opened where it is a checkpoint, and why it is that one.
    private static func choose(_ path: String) throws -> (file: String, checkpoint: CheckpointFile?, notes: [String]) {
        guard Folder.exists(path) else {
            guard StoredFile.exists(path) else {
                throw TrainingError(.unusable, "\(path): there is no such file or run folder")
            }
            let isPyTorch = WeightsFile.isPyTorch(path)
            guard !isPyTorch, path.hasSuffix(".ckpt") || CheckpointFile.recognizes(path) else { return (path, nil, []) }
            let file = try CheckpointFile(path)
            return (path, file, ["\(path): \(description(file))"])
        }
        let folder = RunFolder(path)
        let kept = try folder.keptCheckpoints()
        if StoredFile.exists(folder.encoder) {
            return (folder.encoder, nil, newer(kept, in: folder).map { [$0] } ?? [])
        }
        var notes: [String] = []
        var first: (any Error)?
        for place in kept {
            do {
                let file = try CheckpointFile(place)
                let name = place.dropFirst(folder.path.count + 1)
                notes.append("\(folder.path) has no encoder.safetensors yet: using \(name), \(description(file))")
                return (place, file, notes)
            } catch {
                notes.append("\(error)")
                first = first ?? error
            }
        }
        throw first
            ?? TrainingError(
                .unusable,
                "\(path): there is neither encoder.safetensors nor a checkpoint in it; a run has one after its first "
                    + "epoch, or when it is stopped by Ctrl-C")
    }

    /// Says that the encoder is of an earlier stop than the newest checkpoint, where it is.
    private static func newer(_ kept: [String], in folder: RunFolder) -> String? {
        guard let place = kept.first, let data = try? StoredFile.read(folder.encoderDescription),
            let epochs = try? JSON.value(Progress.self, from: data).epochs,
            let file = try? CheckpointFile(place),
            file.checkpoint.position.epoch > epochs
        else { return nil }
        return
            "\(folder.encoder) is of epoch \(epochs); \(place) is newer (\(description(file))) and can be named instead"
    }

    private static func description(_ file: CheckpointFile) -> String {
        let epochs = (try? file.experiment())?.training.epochs ?? file.checkpoint.position.epoch
        return file.checkpoint.position.description(of: epochs)
    }

    /// Writes the weights and how their input is made as safetensors, and reads them back.
    /// - Throws: `TrainingError` where what was written is not what was to be; `FileError`, `SafetensorsError`.
    public func write(to output: String) throws {
        let notes = ["format": "pt", "configuration": try ConfigurationWriter.yaml(experiment)]
        let state = encoder.stateDict
        try Safetensors(tensors: state, metadata: notes).write(to: output)
        let written = try Safetensors(contentsOf: output).tensors
        for (key, value) in state {
            let isSame = try written[key].map { try value.detach().eq($0).to(.float64).mean().item() == 1 }
            // What is no number equals nothing, not even itself.
            guard isSame == true || value.count == 0 else {
                throw TrainingError(.failed, "\(output): \(key) is not what was written, or no number")
            }
        }
    }

    /// Writes an encoder's weights alone.
    static func write(_ encoder: any Encoder, experiment: Experiment, to path: String) throws {
        let notes = ["format": "pt", "configuration": try ConfigurationWriter.yaml(experiment)]
        try Safetensors(tensors: encoder.stateDict, metadata: notes).write(to: path)
    }

    /// Writes the encoder's weights under bare torchvision keys, its description beside, and the weights of the head
    /// and of what else evaluation needs.
    static func write(_ model: any ContrastiveModel, experiment: Experiment, epochs: Int, to folder: RunFolder) throws {
        let configuration = try ConfigurationWriter.yaml(experiment)
        let notes = ["format": "pt", "configuration": configuration]
        try Safetensors(tensors: model.encoder.stateDict, metadata: notes).write(to: folder.encoder)
        try Safetensors(tensors: model.head.stateDict, metadata: notes).write(to: folder.head)
        if let model = model as? SupervisedModel {
            try ClassifierFile.write(model, experiment: experiment, to: folder)
        }
        for (name, module) in model.companions {
            try Safetensors(tensors: module.stateDict, metadata: notes).write(to: "\(folder.path)/\(name)")
        }
        let pipeline = try ViewPipeline(experiment.views).evaluation
        let description = Description(
            architecture: experiment.encoder.name, encoder: experiment.encoder, dimension: model.encoder.dimension,
            inputSize: [pipeline.branches[0].size.height, pipeline.branches[0].size.width],
            mean: experiment.views.normalize.mean, std: experiment.views.normalize.std, epochs: epochs,
            sha256: try hash(folder.encoder), configuration: configuration)
        try AtomicFile.write(try JSON.document(description), to: folder.encoderDescription)
    }

    private struct Description: Encodable {
        var architecture: String
        /// The settings from which Python builds the same network.
        var encoder: Selected<EncoderFamily>
        var dimension: Int
        var inputSize: [Int]
        var mean: [Double]
        var std: [Double]
        var epochs: Int
        var sha256: String
        var configuration: String
    }

    private struct Progress: Decodable {
        var epochs: Int
    }
}
