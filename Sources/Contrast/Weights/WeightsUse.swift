import Files
import Foundation
import Torch
import Views

/// How weights from elsewhere are used: their network, and the preparation of its images.
public struct WeightsUse: Sendable {
    /// The views, and the network if it is named.
    public var experiment: Experiment
    /// Whether the network is that of `experiment`; else it is recognised from the file.
    public var namesEncoder = false
    /// Whether `experiment` sets the normalisation of images.
    public var namesNormalization = false
    /// The prefix of the network's keys in the file; detected if nil.
    public var prefix: String?

    /// ImageNet's protocol: the shorter side 256 pixels, the middle 224, ImageNet's mean and standard deviation.
    public static let imagenet = "views: {evaluation: [{resize: {size: 256}}, center_crop]}"

    /// ImageNet's protocol, and a network that is recognised from the file.
    public init() throws(ConfigurationError) {
        experiment = try ConfigurationReader(file: "defaults", text: WeightsUse.imagenet).read(Experiment.self)
    }

    /// The experiment with the network of a file.
    /// - Throws: `TrainingError` if names and shapes do not identify it; `ConfigurationError`.
    func experiment(of file: WeightsFile) throws -> Experiment {
        guard !namesEncoder else { return experiment }
        let side = try ViewPipeline(experiment.views).evaluation.branches[0].size
        guard
            let settings = NetworkRecognition.settings(
                of: file.tensors.map { ($0.key, $0.tensor.shape) }, prefix: prefix, side: side.height)
        else {
            let seen = file.tensors.prefix(3).map { "\($0.key) \($0.tensor.shape)" }.joined(separator: ", ")
            throw TrainingError(
                .unusable,
                "\(file.path): its network is not recognised (\(seen), ...); name it, as in --encoder resnet50")
        }
        var found = experiment
        found.encoder = try ConfigurationReader(file: file.path, text: "encoder: \(settings)")
            .read(Experiment.self).encoder
        return found
    }
}

extension Experiment {
    /// The run with initial weights: its encoder starts from them, and is their network unless another is named.
    /// - Parameters:
    ///   - path: a file of weights, a run folder or a checkpoint.
    ///   - use: the network, if it is named.
    /// - Throws: as `EncoderFile.init`.
    public func starting(from path: String, use: WeightsUse) throws -> Experiment {
        var started = self
        if !use.namesEncoder {
            if let own = try EncoderFile.own(path) {
                started.encoder = own.encoder
            } else {
                started.encoder = try use.experiment(of: WeightsFile(path)).encoder
            }
        }
        var settings = started.encoder.component
        settings.weights = path
        guard settings.weights != nil else {
            throw TrainingError(.unusable, "encoder.\(started.encoder.name): cannot start from weights")
        }
        started.encoder = Selected(settings)
        return started
    }
}

extension ContrastiveModel {
    /// Copies weights into the encoder and its momentum copies.
    func start(from loaded: LoadedWeights) throws(TorchError) {
        for (key, place) in stateDict {
            guard let range = key.range(of: "encoder.", options: .backwards),
                let value = loaded.state[String(key[range.upperBound...])], value.shape == place.shape
            else { continue }
            try place.detach().copy(from: value)
        }
    }
}
