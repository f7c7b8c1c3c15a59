import Files
import Foundation
import Torch
import Views

/// A trained classifier with everything that is needed to use it: the network, its classes, and how its input is made.
///
/// A safetensors file with the keys of torchvision's whole network, or timm's; its metadata has the run's configuration
/// and the classes.
public struct ClassifierFile {
    /// The file.
    public let path: String
    /// The network with the weights, in main memory.
    public let classifier: Classifier
    /// The names of the classes, in the order of the probabilities.
    public let classes: [String]
    /// The run's configuration.
    public let experiment: Experiment

    /// Whether a file is a classifier, by its metadata.
    public static func recognizes(_ path: String) -> Bool {
        guard !Folder.exists(path), !WeightsFile.isPyTorch(path), let data = try? Safetensors.bytes(of: path),
            let notes = try? Safetensors.metadata(of: data, path: path)
        else { return false }
        return notes["classes"] != nil && notes["configuration"] != nil
    }

    /// Opens the classifier of a run folder, or the file itself.
    /// - Throws: `TrainingError` of kind `unusable` if there is none; `SafetensorsError`, `ConfigurationError`,
    ///   `TorchError`.
    public init(_ place: String) throws {
        path = Folder.exists(place) ? RunFolder(place).classifier : place
        guard StoredFile.exists(path) else {
            let what = Folder.exists(place) ? "is not there" : "there is no such file or run folder"
            throw TrainingError(.unusable, "\(path): \(what); diptych finetune writes a classifier to its run folder")
        }
        guard ClassifierFile.recognizes(path), let file = try? Safetensors(contentsOf: path),
            let text = file.metadata["configuration"], let names = file.metadata["classes"],
            let classes = try? JSON.value([String].self, from: names.utf8)
        else {
            throw TrainingError(
                .unusable, "\(path): is not a classifier; diptych finetune writes RUN/classifier.safetensors")
        }
        self.classes = classes
        experiment = try ConfigurationReader(file: path, text: text).read(Experiment.self)
        let settings = experiment.encoder.component
        let generator = try Generator(seed: 0)
        let encoder = try settings.build(generator: generator)
        classifier = Classifier(
            encoder, try Linear(encoder.dimension, classes.count, generator: generator), classes: classes.count,
            key: settings.classifierKey)
        do throws(StateError) {
            try classifier.load(stateDict: file.tensors)
        } catch {
            throw TrainingError(
                .unusable,
                "\(path): does not fit \(experiment.encoder.name) with "
                    + "\(counted(classes.count, "class", "classes")): \(error)"
            )
        }
    }

    /// Writes the classifier that a supervised method trains. The classes are those of classes.txt.
    static func write(_ model: SupervisedModel, experiment: Experiment, to folder: RunFolder) throws {
        guard let classes = ClassNames.read(folder.classes) else { return }
        let classifier = Classifier(
            model.encoder, model.classifier, classes: classes.count, key: experiment.encoder.component.classifierKey)
        let notes = [
            "format": "pt", "configuration": try ConfigurationWriter.yaml(experiment),
            "classes": String(decoding: try JSON.encoder().encode(classes), as: UTF8.self),
        ]
        try Safetensors(tensors: classifier.stateDict, metadata: notes).write(to: folder.classifier)
    }

    /// Copies the file.
    /// - Throws: `FileError`.
    public func write(to output: String) throws { try AtomicFile.write(try StoredFile.read(path), to: output) }
}
