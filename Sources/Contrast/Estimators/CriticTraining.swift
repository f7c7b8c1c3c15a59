import Torch
import Views

/// How a critic is trained for an estimator.
public struct CriticTraining: Component {
    /// `estimate`.
    public static let name = "estimate"

    /// The critic.
    public var critic = Selected<CriticFamily>(SeparableCritic())
    /// Its optimizer.
    public var optimizer = Selected<OptimizerFamily>(CriticTraining.adam)
    /// K, the pairs of a batch.
    public var candidates = 64
    /// The largest number of steps; on the test bed, that of each level.
    public var steps = 4000
    /// Steps between two validations.
    public var every = 50
    /// Validations without a better value after which training stops.
    public var patience = 10

    /// A separable critic, Adam at 5e-4, batches of 64.
    public init() {}

    /// Checks that all numbers are positive and a batch has 4 pairs.
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
    let critic: ScaledCritic
    private let estimator: any InformationEstimator
    private let optimizer: any Optimizer
    /// The factor of the learning rate: scale and level of a critic without weights have far to go.
    private let pace: Double

    init(
        _ settings: CriticTraining, estimator: any InformationEstimator, dimensions: (x: Int, y: Int), seed: UInt64
    ) throws(TorchError) {
        let inner = try settings.critic.component.build(dimensions: dimensions, generator: Generator(seed: seed))
        critic = try ScaledCritic(inner, level: estimator.optimalOffset)
        self.estimator = estimator
        pace = settings.critic.component.hasWeights ? 1 : 40
        optimizer = try settings.optimizer.component.build(critic.namedParameters)
    }

    /// Takes one step and returns the value of the batch before it.
    func step(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Double {
        try optimizer.zeroGrad()
        let scores = try critic(x, y)
        let objective = try estimator.objective(scores)
        // If e^f overflows there is no gradient; the next batch may have one.
        if try objective.item().isFinite {
            try (-objective).backward()
            try optimizer.step(factor: pace)
        }
        return try withoutGradients { () throws(TorchError) in try estimator(scores.detach().to(.float64)).item() }
    }

    /// The values of batches, or the objectives that the critic is trained to raise.
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
    /// Trains a critic, keeps the weights with the best validation value, and returns the estimator's values on the
    /// test batches.
    public func heldOutValues(
        of samples: PairedSamples, split: HeldOutSplit, by estimator: any InformationEstimator, seed: UInt64
    ) throws(TorchError) -> [Double] {
        let parts = try TrainingParts(samples, split, candidates: candidates, standardized: critic.component.hasWeights)
        let trainer = try CriticTrainer(self, estimator: estimator, dimensions: samples.dimensions, seed: seed)
        var kept = try trainer.critic.snapshot()
        var (epoch, left) = (0, [(x: Tensor, y: Tensor)]())
        try trainKeepingBest(steps: steps, every: every, patience: patience) { () throws(TorchError) in
            if left.isEmpty {
                epoch += 1
                left = try parts.batches(epoch: epoch, seed: seed).reversed()
            }
            let (x, y) = left.removeLast()
            _ = try trainer.step(x, y)
        } score: { () throws(TorchError) in
            let value = try trainer.values(parts.validation, objective: true).mean
            return value.isNaN ? -.infinity : value
        } keep: { () throws(TorchError) in
            kept = try trainer.critic.snapshot()
        }
        try trainer.critic.restore(kept)
        return try trainer.values(parts.test)
    }
}

/// Takes training steps and keeps the state with the best validation score.
/// - Parameters:
///   - steps: the largest number of steps.
///   - every: steps between two scores.
///   - patience: scores without a better one after which training stops.
///   - step: takes one step.
///   - score: the validation score of the present state; more is better.
///   - keep: keeps the present state; the state before the first step counts as kept.
/// - Returns: the best score.
@discardableResult
func trainKeepingBest(
    steps: Int, every: Int, patience: Int = .max, step: () throws(TorchError) -> Void,
    score: () throws(TorchError) -> Double, keep: () throws(TorchError) -> Void
) throws(TorchError) -> Double {
    var best = try score()
    var (done, misses) = (0, 0)
    while done < steps, misses < patience {
        try step()
        done += 1
        guard done % every == 0 || done == steps else { continue }
        let value = try score()
        misses = value > best ? 0 : misses + 1
        guard value > best else { continue }
        best = value
        try keep()
    }
    return best
}

/// The parts of a split as tensors.
private struct TrainingParts {
    let validation: [(x: Tensor, y: Tensor)]
    let test: [(x: Tensor, y: Tensor)]
    private let rows: (x: Tensor, y: Tensor)
    private let train: [Int]
    private let candidates: Int

    init(
        _ samples: PairedSamples, _ split: HeldOutSplit, candidates: Int, standardized: Bool
    ) throws(TorchError) {
        let trained = try Tensor(split.train.map(Int64.init), shape: [split.train.count])
        /// Rows with the training rows' mean subtracted, divided by their standard deviation.
        func standardize(_ values: [Float], _ width: Int) throws(TorchError) -> Tensor {
            let rows = try Tensor(values, shape: [samples.count, width])
            guard standardized else { return rows }
            let wide = try rows.to(.float64)
            let known = try wide.indexSelect(dim: 0, index: trained)
            let mean = try known.mean(dim: 0, keepdim: true)
            let centred = try known - mean
            let std = try (centred * centred).mean(dim: 0, keepdim: true).sqrt()
            let isConstant = try std.eq(.zeros(std.shape, dtype: .float64))
            return try ((wide - mean) / std.maskedFill(isConstant, 1)).to(.float32)
        }
        rows = (try standardize(samples.x, samples.dimensions.x), try standardize(samples.y, samples.dimensions.y))
        (train, self.candidates) = (split.train, candidates)
        validation = try TrainingParts.cut(rows, split.validation, candidates)
        test = try TrainingParts.cut(rows, split.test, candidates)
    }

    /// The batches of one epoch over the training pairs, in a random order.
    func batches(epoch: Int, seed: UInt64) throws(TorchError) -> [(x: Tensor, y: Tensor)] {
        var stream = RandomStream(RandomKey(seed: seed, epoch: epoch, purpose: .criticBatches))
        return try TrainingParts.cut(rows, stream.permutation(train.count).map { train[$0] }, candidates)
    }

    /// Full batches only, as an estimator's bias depends on their size.
    private static func cut(
        _ rows: (x: Tensor, y: Tensor), _ indices: [Int], _ candidates: Int
    ) throws(TorchError) -> [(x: Tensor, y: Tensor)] {
        var batches: [(x: Tensor, y: Tensor)] = []
        for start in stride(from: 0, through: indices.count - candidates, by: candidates) {
            let some = try Tensor(indices[start..<start + candidates].map(Int64.init), shape: [candidates])
            batches.append((try rows.x.indexSelect(dim: 0, index: some), try rows.y.indexSelect(dim: 0, index: some)))
        }
        return batches
    }
}
