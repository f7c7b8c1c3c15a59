import Foundation
import Torch
import Views

/// How much more a trained bilinear critic `z1^T W z2` finds in frozen embeddings than the cosine does.
///
/// W starts as the cosine critic at its best temperature, so that without anything to gain the gap is near zero. Half of
/// the pairs train it, a quarter choose when to stop, and the last quarter, which neither has seen, gives the gap.
public struct CriticGap {
    /// Nats by which the bilinear critic's loss lies below the cosine's, a number for each held-out anchor.
    public let gap: [Double]
    /// Candidates of the held-out losses.
    public let candidates: Int

    /// The fewest pairs from which a bilinear critic can be learnt and judged.
    public static let minimum = 256

    /// Trains the critic.
    /// - Parameters:
    ///   - temperature: of the cosine critic that is compared with and begun from.
    ///   - steps: of Adam on batches of at most 256 pairs.
    public init(_ views: UnitViews, temperature: Double, steps: Int = 200, seed: UInt64) throws(TorchError) {
        let (train, choose) = (views.count / 2, views.count / 4)
        let test = views.count - train - choose
        // A bilinear form over more dimensions would have more weights than there are pairs to learn them from.
        let width = min(views.dimension, 256)
        var rows = (first: try views.first.to(.float32), second: try views.second.to(.float32))
        if width < views.dimension {
            let projection = try Generator(seed: seed).normal(
                [views.dimension, width], deviation: 1 / Double(width).squareRoot())
            rows = (try rows.first.matmul(projection), try rows.second.matmul(projection))
        }
        func part(_ start: Int, _ length: Int) throws(TorchError) -> (first: Tensor, second: Tensor) {
            (
                try rows.first.narrow(dim: 0, start: start, length: length),
                try rows.second.narrow(dim: 0, start: start, length: length)
            )
        }
        let weight = try Parameter(Tensor.eye(width) / temperature)
        let optimizer = try AdamW(
            [("weight", weight)], lr: 0.05, betas: (0.9, 0.999), eps: 1e-8, weightDecay: 0, sparingBiasAndNorm: false)
        let judges = try part(train, choose)
        let exam = try part(train + choose, test)
        var best = try CriticGap.losses(judges, weight.value).reduce(0, +)
        var judged = try CriticGap.losses(exam, weight.value)
        let batch = min(256, train)
        for step in 0..<steps {
            // Rows come in random order; a batch is a window that wanders over them.
            let start = step * batch % max(1, train - batch + 1)
            try optimizer.zeroGrad()
            let some = try part(start, batch)
            try CriticGap.loss(some, weight.value).mean().backward()
            try optimizer.step(factor: 1 - Double(step) / Double(steps))
            guard step % 10 == 9 else { continue }
            let found = try CriticGap.losses(judges, weight.value).reduce(0, +)
            if found < best {
                best = found
                judged = try CriticGap.losses(exam, weight.value)
            }
        }
        // The cosine critic sees all dimensions.
        let first = try views.first.narrow(dim: 0, start: train + choose, length: test)
        let second = try views.second.narrow(dim: 0, start: train + choose, length: test)
        let cosine = try CriticGap.losses((first, second), Tensor.eye(views.dimension, dtype: .float64) / temperature)
        gap = zip(cosine, judged).map { $0 - $1 }
        candidates = test
    }

    private static func loss(_ rows: (first: Tensor, second: Tensor), _ weight: Tensor) throws(TorchError) -> Tensor {
        let scores = try rows.first.matmul(weight).matmul(rows.second.transpose(0, 1))
        let count = rows.first.shape[0]
        let positives = try scores.gather(dim: 1, index: Tensor.arange(count).reshape([count, 1])).squeeze(1)
        return try scores.logsumexp(dim: 1) - positives
    }

    private static func losses(_ rows: (first: Tensor, second: Tensor), _ weight: Tensor) throws(TorchError) -> [Double]
    {
        try withoutGradients { () throws(TorchError) in try loss(rows, weight).to(.float64).toArray() }
    }
}
