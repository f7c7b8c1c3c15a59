import Foundation
import Torch
import Views

/// How an encoder and a classifier are trained together: settings of a run of method `supervised`, from a run's
/// encoder, from free weights, or from random ones.
public struct Finetuning {
    /// A run folder, a checkpoint or a file of weights; nil if only the network is named.
    public var start: String?
    /// Whether the encoder begins with random weights, so that only the network of `start` is used.
    public var isFromScratch = false
    /// The network in YAML, as in `resnet50`, if `start` does not identify it.
    public var encoder: String?
    /// A pipeline file in place of the recipe.
    public var pipeline: ConfigurationReader?
    /// The prefix of the encoder's keys in the weights.
    public var prefix: String?
    /// Settings that replace others, as in `training.epochs=10`.
    public var overrides: [String] = []

    /// The least number of steps of a recipe's run, for few labels.
    static let leastSteps = 300

    /// The settings without a pipeline file. The views keep the size and the normalisation of `start`.
    static let recipe = """
        views:
          branches: [{count: 1, size: 224, steps: [{resized_crop: {scale: [0.25, 1.0]}}, horizontal_flip]}]
          evaluation: [{resize: {size: 256}}, center_crop]
        method: {supervised: {label_smoothing: 0.1}}
        training:
          epochs: 30
          batch_size: 32
          encoder: {lr: 0.1, layer_decay: 0.8}
          optimizer: {adamw: {lr: 1.0e-3, weight_decay: 0.05}}
          schedule: {cosine: {warmup_epochs: 3}}
        evaluation: {knn_every: 0, diagnose_every: 0}
        """

    /// The settings of a run, with notes.
    public struct Settings {
        /// The run's settings.
        public var experiment: Experiment
        /// Notes for the user.
        public var notes: [String]
    }

    /// Sets the start.
    public init(from start: String?) { self.start = start }

    /// The settings of the run.
    /// - Throws: `TrainingError` if the network is not recognised or cannot start from weights, or if the pipeline file
    ///   has another method; `ConfigurationError`, `SafetensorsError`, `FileError`.
    public func settings() throws -> Settings {
        var experiment = try (pipeline ?? recipe).read(Experiment.self)
        let namesEncoder = encoder != nil || pipeline?.sections.contains("encoder") == true
        if let encoder {
            experiment.encoder = try ConfigurationReader(file: "--encoder", text: "encoder: \(encoder)")
                .read(Experiment.self).encoder
        }
        var notes: [String] = []
        if let start {
            if let own = try EncoderFile.own(start) {
                if pipeline == nil { experiment.views = Finetuning.views(experiment.views, like: own.views) }
                if !namesEncoder { experiment.encoder = own.encoder }
            } else {
                if !namesEncoder {
                    var use = try WeightsUse()
                    use.experiment.views = experiment.views
                    use.prefix = prefix
                    experiment.encoder = try use.experiment(of: WeightsFile(start)).encoder
                }
                if pipeline == nil, !overrides.contains(where: { $0.hasPrefix("views.normalize") }) {
                    notes.append(
                        "note: images are normalised by ImageNet's mean and standard deviation, which the file does "
                            + "not say; others go by --set views.normalize")
                }
            }
        } else if !namesEncoder {
            throw TrainingError(
                .unusable,
                "--scratch: name the network by --encoder, as in --encoder resnet18, or give RUN or --weights")
        }
        var network = experiment.encoder.component
        network.weights = isFromScratch ? nil : start
        guard isFromScratch || network.weights != nil else {
            throw TrainingError(
                .unusable, "encoder.\(experiment.encoder.name): cannot start from weights; --scratch starts without")
        }
        experiment.encoder = Selected(network)
        // Without weights there is nothing to keep.
        if isFromScratch, pipeline == nil { experiment.training.encoder = nil }
        let whole = try ConfigurationReader(
            file: pipeline?.file ?? "defaults", text: ConfigurationWriter.yaml(experiment), overrides: overrides)
        experiment = try whole.read(Experiment.self)
        guard experiment.method.component is Supervised else {
            throw TrainingError(
                .unusable, "method: must be supervised to train a classifier, is \(experiment.method.name)")
        }
        return Settings(experiment: experiment, notes: notes)
    }

    /// The settings for a number of images: few labels have more epochs, and checkpoints further apart.
    /// - Parameter overrides: settings that stay as they are given.
    /// - Throws: `ConfigurationError`.
    public static func lengthened(
        _ experiment: Experiment, images: Int, keeping overrides: [String] = []
    ) throws -> Experiment {
        let batches = max(1, images / experiment.training.batchSize)
        let needed = (leastSteps + batches - 1) / batches
        guard needed > experiment.training.epochs else { return experiment }
        var longer = experiment
        let factor = Double(needed) / Double(experiment.training.epochs)
        longer.training.epochs = needed
        longer.training.checkpointEpochs = max(longer.training.checkpointEpochs, needed / 20)
        if var schedule = experiment.training.schedule.component as? CosineConfiguration {
            schedule.warmupEpochs = (schedule.warmupEpochs * factor).rounded()
            longer.training.schedule = Selected(schedule)
        }
        guard !overrides.isEmpty else { return longer }
        return try ConfigurationReader(
            file: "defaults", text: ConfigurationWriter.yaml(longer), overrides: overrides
        ).read(Experiment.self)
    }

    /// The recipe with the size of its views, by which networks are recognised.
    private var recipe: ConfigurationReader {
        get throws {
            try ConfigurationReader(
                file: "defaults", text: Finetuning.recipe,
                overrides: overrides.filter { $0.hasPrefix("views.branches") })
        }
    }

    /// The recipe's views with the size, decoding and normalisation of a run's evaluation.
    private static func views(_ recipe: ViewConfiguration, like run: ViewConfiguration) -> ViewConfiguration {
        var views = run
        (views.trunk, views.overlap, views.mix) = ([], nil, nil)
        views.branches = recipe.branches
        views.branches[0].size = run.evaluationSize ?? run.branches[0].size
        return views
    }
}
