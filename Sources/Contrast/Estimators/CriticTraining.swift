import Torch
import Views

/// How a critic is learnt for an estimator.
public struct CriticTraining: Component {
    /// `estimate`.
    public static let name = "estimate"

    /// The critic.
    public var critic = Selected<CriticFamily>(SeparableCritic())
    /// What moves its weights.
    public var optimizer = Selected<OptimizerFamily>(CriticTraining.adam)
    /// K pairs of a batch.
    public var candidates = 64
    /// Steps at most; of each level on the test bed.
    public var steps = 4000
    /// Steps between looks at the pairs that choose.
    public var every = 50
    /// Looks without a better value after which training stops.
    public var patience = 10

    /// A separable critic, Adam at 5e-4, batches of 64.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("candidates", candidates, in: 4...65_536)
        try require("steps", steps, in: 0...10_000_000)
        try require("every", every, in: 1...1_000_000)
        try require("patience", patience, in: 1...1_000_000)
    }

    /// Poole et al.'s: Adam at 5e-4 without decay.
    private static var adam: AdamWConfiguration {
        var settings = AdamWConfiguration()
        settings.lr = 5e-4
        settings.weightDecay = 0
        return settings
    }
}

/// A critic in training.
final class CriticTrainer {
    let critic: LearntCritic
    private let estimator: any InformationEstimator
    private let optimizer: any Optimizer
    /// What the learning rate is multiplied by: the scale and the level of a critic without weights have far to go.
    private let pace: Double

    init(
        _ settings: CriticTraining, estimator: any InformationEstimator, dimensions: (x: Int, y: Int), seed: UInt64
    ) throws(TorchError) {
        let inner = try settings.critic.component.build(dimensions: dimensions, generator: Generator(seed: seed))
        critic = try LearntCritic(inner, level: estimator.optimalOffset)
        self.estimator = estimator
        pace = settings.critic.isFixed ? 40 : 1
        optimizer = try settings.optimizer.component.build(critic.namedParameters)
    }

    /// Takes one step, and gives the value of the batch before it.
    func step(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Double {
        try optimizer.zeroGrad()
        let scores = try critic(x, y)
        let objective = try estimator.objective(scores)
        // Where e^f is beyond the type there is no direction to go; the next batch may have one.
        if try objective.item().isFinite {
            try (-objective).backward()
            try optimizer.step(factor: pace)
        }
        return try withoutGradients { () throws(TorchError) in try estimator(scores.detach().to(.float64)).item() }
    }

    /// The values of batches, or of what the critic is trained to raise.
    func values(_ batches: [(x: Tensor, y: Tensor)], objective: Bool = false) throws(TorchError) -> [Double] {
        try withoutGradients { () throws(TorchError) in
            var values: [Double] = []
            for (x, y) in batches {
                let scores = try critic(x, y).to(.float64)
                values.append(try (objective ? estimator.objective(scores) : estimator(scores)).item())
            }
            return values
        }
    }
}

extension CriticTraining {
    /// Learns a critic from a part of the samples, keeps the weights that did best on another part, and gives the values of
    /// the estimator on the batches of the third, which the critic has not seen.
    public func heldOutValues(
        of samples: PairedSamples, split: HeldOutSplit, by estimator: any InformationEstimator, seed: UInt64
    ) throws(TorchError) -> [Double] {
        let parts = try TrainingParts(samples, split, candidates: candidates, standardised: critic.needsStandardising)
        let trainer = try CriticTrainer(self, estimator: estimator, dimensions: samples.dimensions, seed: seed)
        func judged() throws(TorchError) -> Double {
            let value = mean(try trainer.values(parts.choose, objective: true))
            return value.isNaN ? -.infinity : value
        }
        var best = try judged()
        var kept = try trainer.critic.snapshot()
        var (done, epoch, misses) = (0, 0, 0)
        training: while done < steps {
            epoch += 1
            for (x, y) in try parts.batches(epoch: epoch, seed: seed) {
                _ = try trainer.step(x, y)
                done += 1
                if done % every == 0 || done == steps {
                    let value = try judged()
                    misses = value > best ? 0 : misses + 1
                    if value > best {
                        best = value
                        kept = try trainer.critic.snapshot()
                    }
                    if misses >= patience { break training }
                }
                if done == steps { break }
            }
        }
        try trainer.critic.restore(kept)
        return try trainer.values(parts.test)
    }
}

/// The parts of a split as tensors.
private struct TrainingParts {
    let choose: [(x: Tensor, y: Tensor)]
    let test: [(x: Tensor, y: Tensor)]
    private let rows: (x: Tensor, y: Tensor)
    private let train: [Int]
    private let candidates: Int

    init(
        _ samples: PairedSamples, _ split: HeldOutSplit, candidates: Int, standardised: Bool
    ) throws(TorchError) {
        let learnt = try Tensor(split.train.map(Int64.init), shape: [split.train.count])
        /// Every number of a row less the training rows' mean, over their deviation.
        func standardise(_ values: [Float], _ width: Int) throws(TorchError) -> Tensor {
            let rows = try Tensor(values, shape: [samples.count, width])
            guard standardised else { return rows }
            let wide = try rows.to(.float64)
            let known = try wide.indexSelect(dim: 0, index: learnt)
            let mean = try known.mean(dim: 0, keepdim: true)
            let centred = try known - mean
            let deviation = try (centred * centred).mean(dim: 0, keepdim: true).sqrt()
            let still = try deviation.eq(.zeros(deviation.shape, dtype: .float64))
            return try ((wide - mean) / deviation.maskedFill(still, 1)).to(.float32)
        }
        rows = (try standardise(samples.x, samples.dimensions.x), try standardise(samples.y, samples.dimensions.y))
        (train, self.candidates) = (split.train, candidates)
        choose = try TrainingParts.cut(rows, split.choose, candidates)
        test = try TrainingParts.cut(rows, split.test, candidates)
    }

    /// The batches of one pass over the training pairs, in a random order.
    func batches(epoch: Int, seed: UInt64) throws(TorchError) -> [(x: Tensor, y: Tensor)] {
        var stream = RandomStream(RandomKey(seed: seed, epoch: epoch, purpose: .criticBatches))
        return try TrainingParts.cut(rows, stream.permutation(train.count).map { train[$0] }, candidates)
    }

    /// Whole batches only: an estimator's bias depends on their size.
    private static func cut(
        _ rows: (x: Tensor, y: Tensor), _ places: [Int], _ candidates: Int
    ) throws(TorchError) -> [(x: Tensor, y: Tensor)] {
        var batches: [(x: Tensor, y: Tensor)] = []
        for start in stride(from: 0, through: places.count - candidates, by: candidates) {
            let some = try Tensor(places[start..<start + candidates].map(Int64.init), shape: [candidates])
            batches.append((try rows.x.indexSelect(dim: 0, index: some), try rows.y.indexSelect(dim: 0, index: some)))
        }
        return batches
    }
}

extension Selected where Family == CriticFamily {
    /// Whether the critic is a network, whose weights are drawn for numbers of deviation 1; the cosine and the dot product
    /// score the rows as they are.
    var needsStandardising: Bool { !isFixed }

    /// Whether the critic compares x and y number by number.
    public var isFixed: Bool { component is CosineCritic || component is DotCritic }
}
