import Torch
import Views

/// The settings of an objective that can take its negatives from a queue of keys instead of from the batch.
public protocol QueueObjective: ContrastiveLoss {
    /// The objective over embeddings of `dimension` numbers; what it learns itself is drawn from `generator`.
    func buildForQueue(dimension: Int, generator: Generator) throws(TorchError) -> any QueueLoss
}

/// An objective over queries, their keys, and negatives from elsewhere that all queries share.
public protocol QueueLoss {
    /// The loss in nats, a scalar with a gradient.
    /// - Parameters:
    ///   - queries: `[N, D]`.
    ///   - keys: the positive of each query, `[N, D]`.
    ///   - negatives: `[K, D]`.
    func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor

    /// InfoNCE of the same scores over K + 1 candidates, without a gradient; nil where the objective is that itself.
    func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor?

    /// Itself with the settings that hold where `progress` of the run is done, 0...1.
    func at(_ progress: Double) -> Self
}

extension QueueObjective where Self: QueueLoss {
    /// Itself: it learns nothing.
    public func buildForQueue(dimension: Int, generator: Generator) throws(TorchError) -> any QueueLoss { self }
}

extension QueueLoss {
    /// Nil: the objective itself belongs to its candidates.
    public func contrast(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor? { nil }
}

/// Throws unless a loss takes its negatives from elsewhere than the batch.
func requireQueueObjective(_ loss: Selected<LossFamily>) throws(InvalidSetting) {
    guard loss.component is any QueueObjective else {
        let valid = LossFamily.registry.types.filter { $0 is any QueueObjective.Type }.map { $0.name }
        throw InvalidSetting(
            "loss", "\(loss.name) takes no negatives from a queue; valid are \(valid.joined(separator: ", "))")
    }
    if let infoNCE = loss.component as? InfoNCE, infoNCE.symmetric {
        throw InvalidSetting("loss.info_nce.symmetric", "needs a square of scores, which a queue does not give")
    }
}
