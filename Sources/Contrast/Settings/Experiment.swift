import Torch
import Views

/// The settings of a run, which a pipeline file holds: views, encoder, method, training and evaluation.
public struct Experiment: Component {
    /// `experiment`.
    public static let name = "experiment"

    /// How an image becomes views.
    public var views = ViewConfiguration()
    /// The network whose weights are the result.
    public var encoder = Selected<EncoderFamily>(ResNet18())
    /// The method of learning: the objective, and what is trained besides the encoder.
    public var method = Selected<MethodFamily>(SimCLR())
    /// Epochs, batches, optimiser and schedule.
    public var training = TrainingConfiguration()
    /// Held-out images and their scores.
    public var evaluation = EvaluationConfiguration()

    /// SimCLR with a ResNet-18 at 224 pixels.
    public init() {}

    /// Checks that what decides the best epoch is measured.
    public func validate() throws(InvalidSetting) {
        let (key, every) =
            training.best == .probe
            ? ("probe_every", evaluation.probeEvery) : ("knn_every", evaluation.knnEvery)
        guard every == 0, training.patience != nil || training.best != .knn else { return }
        throw InvalidSetting(
            training.best == .knn ? "training.patience" : "training.best",
            "needs evaluation.\(key) above 0, as \(training.best.rawValue) is measured in those epochs")
    }
}

/// The optimisation of a run.
public struct TrainingConfiguration: Component {
    /// `training`.
    public static let name = "training"

    /// The number of epochs.
    public var epochs = 100
    /// The number of images of a step, over all processes that train together.
    public var batchSize = 256
    /// The number of images that go through the networks at once, for batches whose activations do not fit the memory.
    /// The gradient is that of the whole batch, see `GradientCache`. The whole batch if it is not set.
    public var chunk: Int?
    /// The precision of the networks' products and convolutions; losses and updates are computed in float32.
    public var precision = Precision.float32
    /// The seed of weights, order and views.
    public var seed: UInt64 = 0
    /// The optimiser with its learning rate.
    public var optimizer = Selected<OptimizerFamily>(SGDConfiguration())
    /// The schedule of the learning rate, a factor for each step.
    public var schedule = Selected<ScheduleFamily>(CosineConfiguration())
    /// The number of steps between two lines of metrics.jsonl.
    public var logEvery = 10
    /// The number of steps between two checkpoints within an epoch, the most that a killed run has to repeat. Only ends
    /// of epochs have checkpoints if it is not set.
    public var checkpointEvery: Int?
    /// The number of epochs between two checkpoints; the last epoch has one in any case.
    public var checkpointEpochs = 1
    /// The number of epochs whose checkpoints are kept; with more than 1, also the best one and its encoder.
    public var keep = 1
    /// The score that decides which epoch is the best.
    public var best = BestScore.knn
    /// The run ends early after so many scored epochs in a row without a better score; never if it is not set.
    public var patience: Int?
    /// How the encoder is trained, if not as the head; for runs that start from weights.
    public var encoder: EncoderTraining?
    /// Parameters with a learning rate or a weight decay of their own, by their names; the first that fits counts.
    public var groups: [ParameterGroupSettings] = []
    /// How gradients are limited; not at all if it is not set.
    public var clip: ClippingSettings?
    /// The moving average of the encoder that is kept beside it; none if it is not set.
    public var ema: AverageSettings?
    /// What to do with a batch whose loss or gradient is not finite.
    public var onNonfinite = NonfinitePolicy.stop

    /// 100 epochs in batches of 256, SGD with a cosine schedule.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("epochs", epochs, in: 1...1_000_000)
        try require("batch_size", batchSize, in: 2...1_048_576)
        if let chunk { try require("chunk", chunk, in: 2...1_048_576) }
        try require("log_every", logEvery, in: 1...1_000_000)
        if let checkpointEvery { try require("checkpoint_every", checkpointEvery, in: 1...1_000_000_000) }
        try require("checkpoint_epochs", checkpointEpochs, in: 1...1_000_000)
        try require("keep", keep, in: 1...1_000_000)
        if let patience { try require("patience", patience, in: 1...1_000_000) }
    }
}

/// Which images are held out, and how they are scored.
public struct EvaluationConfiguration: Component {
    /// `evaluation`.
    public static let name = "evaluation"

    /// The share of each class that is held out if the folder has no test/ or val/.
    public var holdOut = 0.2
    /// How held-out images are chosen: `class` at random from each class, `name` by hashes of the images' names.
    public var holdOutBy = Split.Rule.byClass
    /// The number of epochs between two kNN scores on held-out images; 0 for none.
    public var knnEvery = 5
    /// The number of epochs between two linear probes on held-out images; 0 for none.
    public var probeEvery = 0
    /// The number of epochs between two diagnoses of the last batch's embeddings; 0 for none.
    public var diagnoseEvery = 1
    /// The largest number of images in that kNN's bank, so that a score takes little time compared with an epoch.
    public var knnImages = 10_000
    /// C of the linear probe: 1/2 |w|^2 + C * sum of log losses.
    public var cost = 1.0

    /// A fifth held out, kNN every five epochs, C = 1.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("hold_out", holdOut, in: 0.01...0.9)
        try require("knn_every", knnEvery, in: 0...1_000_000)
        try require("probe_every", probeEvery, in: 0...1_000_000)
        try require("diagnose_every", diagnoseEvery, in: 0...1_000_000)
        try require("knn_images", knnImages, in: 1...100_000_000)
        guard cost > 0, cost.isFinite else { throw InvalidSetting("cost", "must be positive, is \(cost)") }
    }
}
