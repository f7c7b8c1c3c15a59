import Torch
import Views

/// The settings of a contrastive loss.
public protocol LossSettings: Component {
    /// Builds the loss of embeddings of `dimension` dimensions.
    ///
    /// `generator` draws the weights that the loss learns itself, such as a critic's, in a fixed order.
    func build(dimension: Int, generator: Generator) throws(TorchError) -> any Loss

    /// Checks the settings against the data of a run.
    func validate(_ data: TrainingData) throws(InvalidSetting)

    /// How it uses the classes of images.
    var labelUse: LabelUse { get }
}

/// A contrastive loss of the embeddings of paired views.
///
/// A loss that learns nothing is a structure. Another is a `Module`, whose parameters the optimizer updates too.
public protocol Loss: Scheduled {
    /// What scores pairs, if the loss leaves that to a critic.
    var critic: (any Critic)? { get }

    /// tau as it is now; nil if no single temperature divides the scores.
    var currentTemperature: Double? { get }

    /// The loss in nats, a scalar with a gradient.
    /// - Parameters:
    ///   - first: embeddings of one view of each image, `[N, D]`.
    ///   - second: embeddings of the other view, `[N, D]`.
    ///   - labels: those of the N images; nil without classes. Most losses ignore them.
    func callAsFunction(_ first: Tensor, _ second: Tensor, labels: LabelSets?) throws(TorchError) -> Tensor

    /// The mean loss over pairs of views, and the mean `contrast` if there is one, from one matrix.
    /// - Returns: nil if the loss has no such form, or if the matrix would be too large.
    func ofAllPairs(_ pairs: ViewPairs, labels: LabelSets?) throws(TorchError) -> (loss: Tensor, contrast: Tensor?)?

    /// The number of candidates that `contrast` picks the positive from, for N pairs. Its logarithm minus the contrast
    /// is a lower bound of the mutual information. Nil if the scores bound nothing.
    func candidates(pairs: Int) -> Int?

    /// InfoNCE of the same scores, without a gradient; nil if the loss itself belongs to `candidates`.
    func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor?
}

/// The settings of a loss that can take its negatives from a queue instead of the batch.
public protocol QueueLossSettings: LossSettings {
    /// Builds the loss of embeddings of `dimension` dimensions.
    func buildForQueue(dimension: Int, generator: Generator) throws(TorchError) -> any QueueLoss

    /// Checks that the settings have a form over a queue.
    func validateForQueue() throws(InvalidSetting)
}

/// A loss of queries, their keys, and negatives that all queries share.
public protocol QueueLoss: Loss {
    /// The loss in nats, a scalar with a gradient.
    /// - Parameters:
    ///   - queries: `[N, D]`.
    ///   - keys: the positive of each query, `[N, D]`.
    ///   - negatives: `[K, D]`.
    func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor

    /// InfoNCE of the same scores over K + 1 candidates, without a gradient; nil if the loss is InfoNCE itself.
    func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor?
}

extension LossSettings {
    /// Accepts all data.
    public func validate(_ data: TrainingData) throws(InvalidSetting) {}

    /// Not at all.
    public var labelUse: LabelUse { .none }
}

extension LossSettings where Self: Loss {
    /// The settings are the loss.
    public func build(dimension: Int, generator: Generator) throws(TorchError) -> any Loss { self }
}

extension QueueLossSettings {
    /// Accepts all settings.
    public func validateForQueue() throws(InvalidSetting) {}
}

extension QueueLossSettings where Self: QueueLoss {
    /// The settings are the loss.
    public func buildForQueue(dimension: Int, generator: Generator) throws(TorchError) -> any QueueLoss { self }
}

extension Loss {
    /// No critic.
    public var critic: (any Critic)? { nil }

    /// No temperature.
    public var currentTemperature: Double? { nil }

    /// The loss of pairs without labels.
    public func callAsFunction(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor {
        try self(first, second, labels: nil)
    }

    /// No such form.
    public func ofAllPairs(
        _ pairs: ViewPairs, labels: LabelSets?
    ) throws(TorchError) -> (loss: Tensor, contrast: Tensor?)? { nil }

    /// The loss itself belongs to its candidates.
    public func contrast(_ first: Tensor, _ second: Tensor) throws(TorchError) -> Tensor? { nil }

    /// The mean over pairs of views: from one matrix on a GPU, which many small operations would keep waiting, else
    /// pair by pair.
    func mean(over pairs: ViewPairs, labels: LabelSets?) throws(TorchError) -> MeanLoss {
        if !pairs.isOnCPU, pairs.indices.count > 1, let all = try ofAllPairs(pairs, labels: labels) {
            return MeanLoss(all.loss, contrast: all.contrast)
        }
        var mean = MeanLoss()
        for (first, second) in pairs.indices.map({ (pairs.first[$0.first], pairs.second[$0.second]) }) {
            try mean.add(self(first, second, labels: labels), contrast: contrast(first, second))
        }
        return mean
    }
}

extension QueueLoss {
    /// The loss itself belongs to its candidates.
    public func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor? { nil }
}

/// The losses that a pipeline file can name.
public enum LossFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any LossSettings>(
        kind: "a loss",
        [
            NTXent.self, InfoNCE.self, CLIPLoss.self, DCL.self, DCLW.self, Debiased.self, HCL.self, SupCon.self,
            HardNegatives.self, FNC.self, AlignmentUniformity.self,
        ])
}

extension Selected<LossFamily> {
    /// Checks a loss against the data of a run; the key of the error begins with `loss` and its name.
    func validate(_ data: TrainingData) throws(InvalidSetting) {
        do throws(InvalidSetting) {
            try component.validate(data)
        } catch {
            throw error.inside("loss.\(name)")
        }
    }

    /// Checks that a loss can take its negatives from a queue.
    func validateForQueue() throws(InvalidSetting) {
        guard let settings = component as? any QueueLossSettings else {
            let valid = LossFamily.registry.types.filter { $0 is any QueueLossSettings.Type }.map { $0.name }
            throw InvalidSetting(
                "loss", "\(name) takes no negatives from a queue; valid are \(valid.joined(separator: ", "))")
        }
        do throws(InvalidSetting) {
            try settings.validateForQueue()
        } catch {
            throw error.inside("loss.\(name)")
        }
    }

    /// Builds a loss that takes its negatives from a queue.
    func buildForQueue(dimension: Int, generator: Generator) throws(TorchError) -> any QueueLoss {
        guard let settings = component as? any QueueLossSettings else {
            throw TorchError(operation: "loss", message: "\(name) takes no negatives from a queue")
        }
        return try settings.buildForQueue(dimension: dimension, generator: generator)
    }
}
