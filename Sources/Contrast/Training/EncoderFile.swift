import Files
import Foundation
import Torch
import Views

/// A trained encoder with everything that is needed to use it: the network, its weights' hash, and how its input is made.
public struct EncoderFile {
    /// The file of weights.
    public let path: String
    /// The network with the weights, in main memory.
    public let encoder: any Encoder
    /// The run's configuration.
    public let experiment: Experiment

    /// SHA-256 of the file as it is now, in hexadecimal.
    /// - Throws: `TrainingError` where it cannot be read.
    public static func hash(_ path: String) throws(TrainingError) -> String {
        let data: Data
        do throws(FileError) { data = try StoredFile.read(path) } catch { throw TrainingError(.failed, "\(error)") }
        return SHA256.hexadecimal(data)
    }

    /// Opens a run folder's encoder, or a file of weights that a run wrote.
    /// - Throws: `TrainingError`, `SafetensorsError`, `ConfigurationError`, `TorchError`.
    public init(_ path: String) throws {
        let file = Folder.exists(path) ? RunFolder(path).encoder : path
        guard StoredFile.exists(file) else {
            throw TrainingError(
                .unusable, "\(path): there is no encoder.safetensors; has the run ended or been interrupted by Ctrl-C?")
        }
        self.path = file
        let weights = try Safetensors(contentsOf: file)
        guard let configuration = weights.metadata["configuration"] else {
            throw TrainingError(.unusable, "\(file): does not say which encoder it is; it was not written by diptych")
        }
        experiment = try ConfigurationReader(file: file, text: configuration).read(Experiment.self)
        encoder = try experiment.encoder.component.build(generator: Generator(seed: 0))
        do {
            // Weights from elsewhere may bring torchvision's or timm's classifier, which a feature does not need.
            try encoder.load(stateDict: weights.tensors) { $0.hasPrefix("fc.") || $0.hasPrefix("head.") }
        } catch {
            throw TrainingError(.unusable, "\(file): does not fit \(experiment.encoder.name): \(error)")
        }
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

    /// Writes the encoder's weights under bare torchvision keys, its description beside, and the weights of the head and of what else
    /// evaluation needs.
    static func write(_ model: any ContrastiveModel, experiment: Experiment, epochs: Int, to folder: RunFolder) throws {
        let configuration = try ConfigurationWriter.yaml(experiment)
        let notes = ["format": "pt", "configuration": configuration]
        try Safetensors(tensors: model.encoder.stateDict, metadata: notes).write(to: folder.encoder)
        try Safetensors(tensors: model.head.stateDict, metadata: notes).write(to: folder.head)
        for (name, module) in model.companions {
            try Safetensors(tensors: module.stateDict, metadata: notes).write(to: "\(folder.path)/\(name)")
        }
        let pipeline = try ViewPipeline(experiment.views).evaluation
        let description = Description(
            architecture: experiment.encoder.name, dimension: model.encoder.dimension,
            inputSize: [pipeline.branches[0].size.height, pipeline.branches[0].size.width],
            mean: experiment.views.normalize.mean, std: experiment.views.normalize.std, epochs: epochs,
            sha256: try hash(folder.encoder), configuration: configuration)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try AtomicFile.write(try encoder.encode(description) + Data([0x0A]), to: folder.encoderDescription)
    }

    private struct Description: Codable {
        var architecture: String
        var dimension: Int
        var inputSize: [Int]
        var mean: [Double]
        var std: [Double]
        var epochs: Int
        var sha256: String
        var configuration: String
    }
}
