import Torch
import Views

/// A whole run, as one pipeline file writes it: views, encoder, method, training and evaluation.
public struct Experiment: Component {
    /// `experiment`.
    public static let name = "experiment"

    /// How a picture becomes views.
    public var views = ViewConfiguration()
    /// The network whose weights are the result.
    public var encoder = Selected<EncoderFamily>(ResNet18())
    /// The objective and what it needs beside the encoder.
    public var method = Selected<MethodFamily>(SimCLR())
    /// Passes, batches, optimiser and schedule.
    public var training = TrainingConfiguration()
    /// Held-out images and their scores.
    public var evaluation = EvaluationConfiguration()

    /// SimCLR with a ResNet-18 at 224 pixels.
    public init() {}
}

/// The optimisation of a run.
public struct TrainingConfiguration: Component {
    /// `training`.
    public static let name = "training"

    /// Passes over the images.
    public var epochs = 100
    /// Images of a step, those of all processes that train together; each gives one positive pair (or more, with several
    /// views).
    public var batchSize = 256
    /// Images that pass the networks at once, for batches whose activations are larger than the memory; the gradient stays that
    /// of the whole batch, see `GradientCache`. All where it is not set.
    public var chunk: Int?
    /// How products and convolutions of the networks round; losses and updates stay in float32.
    public var precision = Precision.float32
    /// The seed of weights, order and views.
    public var seed: UInt64 = 0
    /// The optimiser with its learning rate.
    public var optimizer = Selected<OptimizerFamily>(SGDConfiguration())
    /// The learning rate's course, a factor on the optimiser's.
    public var schedule = Selected<ScheduleFamily>(CosineConfiguration())
    /// Steps between two lines of metrics.jsonl.
    public var logEvery = 10
    /// Steps between two checkpoints inside of a pass, which bound what a killed run does again; none but at the ends of
    /// passes where it is not set.
    public var checkpointEvery: Int?
    /// Passes between two checkpoints at their ends, for passes of seconds; the last pass has one in any case.
    public var checkpointEpochs = 1
    /// Ends of passes whose checkpoints are kept; with more than 1 the best one by kNN too, and its encoder.
    public var keep = 1
    /// What is done with a batch whose loss or gradient is not finite.
    public var onNonfinite = NonfinitePolicy.stop

    /// 100 passes in batches of 256, SGD with a cosine schedule.
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
    }
}

/// What is held out and how it is scored.
public struct EvaluationConfiguration: Component {
    /// `evaluation`.
    public static let name = "evaluation"

    /// The share of each class that is held out where the folder has no test/ or val/ of its own.
    public var holdOut = 0.2
    /// How it is chosen: `class` by chance from each class, `name` by hashes of the images' names.
    public var holdOutBy = Split.Rule.byClass
    /// Passes between two kNN scores on held-out images; 0 for none.
    public var knnEvery = 5
    /// Passes between two diagnoses of the last batch's embeddings; 0 for none.
    public var diagnoseEvery = 1
    /// Images at most in the bank of that kNN, so that the score stays cheap beside a pass.
    public var knnImages = 10_000
    /// C of the linear probe: 1/2 |w|^2 + C * sum of log losses.
    public var cost = 1.0

    /// A fifth held out, kNN every five passes, C = 1.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("hold_out", holdOut, in: 0.01...0.9)
        try require("knn_every", knnEvery, in: 0...1_000_000)
        try require("diagnose_every", diagnoseEvery, in: 0...1_000_000)
        try require("knn_images", knnImages, in: 1...100_000_000)
        guard cost > 0, cost.isFinite else { throw InvalidSetting("cost", "must be positive, is \(cost)") }
    }
}
