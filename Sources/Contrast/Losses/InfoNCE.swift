import Torch
import Views

/// InfoNCE: van den Oord et al. 2018, arXiv 1807.03748, equation 4.
///
/// With `S = critic(z1, z2)`, `[N, N]`, the mean of `-S(i, i) + log sum_j e^{S(i, j)}`: N candidates, the positive among
/// them. Both directions, where asked for, are the mean of that over the rows and over the columns of S. All rows equal
/// give `log N`, which is also the ceiling of the bound `log N - loss`.
public struct InfoNCE: ContrastiveLoss {
    /// `info_nce`.
    public static let name = "info_nce"

    /// What scores a pair; it has the temperature, where it has one.
    public var critic = Selected<CriticFamily>(CosineCritic())
    /// Whether second views are anchors too.
    public var symmetric = false

    /// The cosine at temperature 0.1, first views as anchors.
    public init() {}

    /// Makes a loss.
    public init(critic: any Critic, symmetric: Bool = false) {
        self.critic = Selected(critic)
        self.symmetric = symmetric
    }

    /// Builds the critic.
    public func build(dimension: Int, generator: Generator) throws(TorchError) -> any PairLoss {
        InfoNCELoss(
            critic: try critic.component.build(dimensions: (dimension, dimension), generator: generator),
            symmetric: symmetric)
    }
}

/// The objective of `InfoNCE`, with what its critic learns.
final class InfoNCELoss: PairLoss, Module {
    let critic: any ScoreFunction
    let symmetric: Bool

    init(critic: any ScoreFunction, symmetric: Bool) {
        self.critic = critic
        self.symmetric = symmetric
    }

    func candidates(pairs: Int) -> Int? { pairs }

    func callAsFunction(_ first: Tensor, _ second: Tensor, labels: [Int]?) throws(TorchError) -> Tensor {
        let (first, second) = (try first.widened(), try second.widened())
        if let (x, y, scale) = try critic.products(first, second), ProductEntropy.serves(x, y) {
            return try ProductEntropy(scale: scale).ofPairs(x, y, symmetric: symmetric)
        }
        return try crossEntropy(critic(first, second), symmetric: symmetric)
    }

    func at(_ progress: Double) -> InfoNCELoss { InfoNCELoss(critic: critic.at(progress), symmetric: symmetric) }
}

extension InfoNCE: QueueObjective {
    /// Builds the critic; with the cosine the objective is MoCo's loss.
    public func buildForQueue(dimension: Int, generator: Generator) throws(TorchError) -> any QueueLoss {
        InfoNCELoss(
            critic: try critic.component.build(dimensions: (dimension, dimension), generator: generator),
            symmetric: false)
    }
}

extension InfoNCELoss: QueueLoss {
    func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        let (queries, keys, negatives) = (try queries.widened(), try keys.widened(), try negatives.widened())
        if let (x, y, scale) = try critic.products(queries, negatives), ProductEntropy.serves(x, y),
            let (_, own, _) = try critic.products(queries, keys)
        {
            return try ProductEntropy(scale: scale).ofQueries(x, positives: (x * own).sum(dim: 1) * scale, negatives: y)
        }
        return try queueCrossEntropy(critic(queries, keys).diagonal(), critic(queries, negatives))
    }
}

/// The mean cross entropy of the rows of square scores with their diagonal as targets, or the mean of that and of the
/// columns'.
func crossEntropy(_ scores: Tensor, symmetric: Bool) throws(TorchError) -> Tensor {
    let shape = scores.shape
    guard shape.count == 2, shape[0] == shape[1] else {
        throw TorchError(operation: "cross_entropy", message: "scores must be square, are \(shape)")
    }
    let positives = try scores.diagonal()
    let rows = try (scores.logsumexp(dim: 1) - positives).mean()
    guard symmetric else { return rows }
    return try (rows + (scores.logsumexp(dim: 0) - positives).mean()) / 2
}
