import Torch
import Views

/// InfoNCE: van den Oord et al. 2018, arXiv 1807.03748, equation 4.
///
/// With `S = critic(z1, z2)`, `[N, N]`, the mean of `-S(i, i) + log sum_j e^{S(i, j)}`: N candidates, the positive
/// included. `symmetric` takes the mean of that over the rows and over the columns of S. If all rows are equal it is
/// `log N`, which is also the ceiling of the bound `log N - loss`. Over a queue, with the cosine critic, it is MoCo's
/// loss.
public struct InfoNCE: QueueLossSettings {
    /// `info_nce`.
    public static let name = "info_nce"

    /// What scores a pair; the critic has the temperature.
    public var critic = Selected<CriticFamily>(CosineCritic())
    /// Whether second views are anchors too.
    public var symmetric = false

    /// The cosine at temperature 0.1, first views as anchors.
    public init() {}

    /// Sets the critic.
    public init(critic: any CriticSettings, symmetric: Bool = false) {
        self.critic = Selected(critic)
        self.symmetric = symmetric
    }

    /// Checks that queries alone are anchors.
    public func validateForQueue() throws(InvalidSetting) {
        if symmetric { throw InvalidSetting("symmetric", "needs a square of scores, which a queue does not give") }
    }

    /// Builds the critic.
    public func build(dimension: Int, generator: Generator) throws(TorchError) -> any Loss {
        try buildForQueue(dimension: dimension, generator: generator)
    }

    /// Builds the critic.
    public func buildForQueue(dimension: Int, generator: Generator) throws(TorchError) -> any QueueLoss {
        InfoNCELoss(
            scores: try critic.component.build(dimensions: (dimension, dimension), generator: generator),
            symmetric: symmetric)
    }
}

/// The loss of `InfoNCE`, with the weights of its critic.
final class InfoNCELoss: QueueLoss, Module {
    private let scores: any Critic
    private let symmetric: Bool

    init(scores: any Critic, symmetric: Bool) {
        self.scores = scores
        self.symmetric = symmetric
    }

    var members: [(key: String, value: Any)] { [("critic", scores)] }

    var critic: (any Critic)? { scores }

    var currentTemperature: Double? { scores.currentTemperature }

    func at(_ progress: Double) -> InfoNCELoss { InfoNCELoss(scores: scores.at(progress), symmetric: symmetric) }

    func candidates(pairs: Int) -> Int? { pairs }

    func callAsFunction(_ first: Tensor, _ second: Tensor, labels: LabelSets?) throws(TorchError) -> Tensor {
        let (first, second) = (try first.widened(), try second.widened())
        if let (x, y, scale) = try scores.products(first, second), ProductEntropy.serves(x, y) {
            return try ProductEntropy(scale: scale).ofPairs(x, y, symmetric: symmetric)
        }
        return try crossEntropy(scores(first, second), symmetric: symmetric)
    }

    func ofAllPairs(
        _ pairs: ViewPairs, labels: LabelSets?
    ) throws(TorchError) -> (loss: Tensor, contrast: Tensor?)? {
        let (anchors, views, images) = (pairs.first.count, pairs.second.count, pairs.second[0].shape[0])
        guard anchors * images * views * images <= ProductEntropy.largestMatrix else { return nil }
        let all = (try Tensor.cat(pairs.first, dim: 0).widened(), try Tensor.cat(pairs.second, dim: 0).widened())
        guard let (x, y, scale) = try scores.products(all.0, all.1) else { return nil }
        // [a, i, b, j]: image i in view a with image j in view b.
        let scores = try (x.matmul(y.transpose(0, 1)) * scale).reshape([anchors, images, views, images])
        let device = scores.device
        let index =
            try Tensor.arange(images, device: device).reshape([1, images, 1, 1])
            + Tensor.zeros([anchors, images, views, 1], dtype: .int64, device: device)
        let positives = try scores.gather(dim: 3, index: index).squeeze(3)
        let weights = try pairs.weights().to(scores.dtype).reshape([anchors, 1, views]) / Double(images)
        var losses = try scores.logsumexp(dim: 3) - positives
        if symmetric { losses = try (losses + scores.logsumexp(dim: 1).transpose(1, 2) - positives) / 2 }
        return (try (losses * weights).sum(), nil)
    }

    func callAsFunction(_ queries: Tensor, _ keys: Tensor, negatives: Tensor) throws(TorchError) -> Tensor {
        let (queries, keys, negatives) = (try queries.widened(), try keys.widened(), try negatives.widened())
        if let (x, y, scale) = try scores.products(queries, negatives), ProductEntropy.serves(x, y),
            let (_, own, _) = try scores.products(queries, keys)
        {
            return try ProductEntropy(scale: scale).ofQueries(x, positives: (x * own).sum(dim: 1) * scale, negatives: y)
        }
        let positives = try scores(queries, keys).diagonal()
        let all = try Tensor.cat([positives.unsqueeze(1), scores(queries, negatives)], dim: 1)
        return try (all.logsumexp(dim: 1) - positives).mean()
    }
}

/// The mean cross entropy of the rows of square scores with the diagonal as targets; `symmetric` averages it with that
/// of the columns.
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
