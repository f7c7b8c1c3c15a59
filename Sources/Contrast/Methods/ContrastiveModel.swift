import Torch

/// What is trained: an encoder, a head, and whatever the method adds.
public protocol ContrastiveModel: Module {
    /// The encoder, whose weights are the result, and its head.
    var projector: Projector { get }
    /// What scores pairs, if the loss leaves that to a critic.
    var critic: (any Critic)? { get }
    /// Further networks that evaluation needs, with the names of their files.
    var companions: [(name: String, module: any Module)] { get }

    /// The loss's tau after the share `progress` of the run; nil if it has no single one.
    func temperature(at progress: Double) -> Double?

    /// The distributions `[N, K]` of embeddings `[N, D]` over the prototypes after the share `progress` of the run,
    /// without a gradient; nil without prototypes.
    func assignments(of embeddings: Tensor, at progress: Double) throws(TorchError) -> Tensor?

    /// The objective of one batch. It is called once before each optimizer step. Images go through the networks by
    /// `ContrastiveBatch.embed` or `forward`, so that a batch may go in chunks, whose gradients the trainer then
    /// completes.
    func objective(_ batch: ContrastiveBatch) throws(TorchError) -> Objective
}

extension ContrastiveModel {
    /// The network whose weights are the result.
    public var encoder: any Encoder { projector.encoder }

    /// What follows the encoder in training.
    public var head: any Head { projector.head }

    /// No critic.
    public var critic: (any Critic)? { nil }

    /// No temperature.
    public func temperature(at progress: Double) -> Double? { nil }

    /// No prototypes.
    public func assignments(of embeddings: Tensor, at progress: Double) throws(TorchError) -> Tensor? { nil }

    /// The critic, if it has weights.
    public var companions: [(name: String, module: any Module)] {
        critic?.module.map { [(RunFolder.criticName, $0)] } ?? []
    }

    /// Embeddings of two views, `[N, D]` each, without gradients: the factors of a critic with weights, otherwise
    /// themselves.
    func factors(of first: Tensor, and second: Tensor) throws(TorchError) -> (first: Tensor, second: Tensor) {
        let (first, second) = (try first.detach(), try second.detach())
        guard let critic, critic.module != nil else { return (first, second) }
        return try withoutGradients { () throws(TorchError) in
            try critic.factors(of: first.widened(), and: second.widened()).map { ($0.x, $0.y) } ?? (first, second)
        }
    }

    /// The objective of views without labels at the beginning of a run.
    public func objective(_ branches: [ViewTensor]) throws(TorchError) -> Objective {
        try objective(ContrastiveBatch(branches: branches))
    }
}

/// What a step minimizes, and what it says about mutual information.
public struct Objective {
    /// A scalar with a gradient, in nats: the loss of the whole batch, the same on every rank.
    public var loss: Tensor
    /// The candidates of the bound `log(candidates) - contrast`; nil if the scores bound nothing.
    public var candidates: Int?
    /// The loss that belongs to the candidates, a scalar without a gradient; nil if it is `loss` itself.
    public var contrast: Tensor?
    /// The embeddings of the first two views, or of the first and what stands for the second, detached, `[N, D]` each.
    public var embeddings: (first: Tensor, second: Tensor)
}
