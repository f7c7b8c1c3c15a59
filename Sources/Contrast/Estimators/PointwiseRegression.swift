import Torch

/// How well a critic's scores predict the pointwise mutual information `log p(x, y) / (p(x) p(y))` of the test bed.
///
/// InfoNCE's best critic is the log ratio plus any function of x (van den Oord et al. 2018; Poole et al. 2019, equation
/// 10), so the means of rows and columns are subtracted from both matrices before the scores are regressed on the log
/// ratio.
public struct PointwiseRegression: Codable, Equatable, Sendable {
    /// The slope, score per nat; 1 for the log ratio itself.
    public var slope: Double
    /// The share of the scores' variance that the log ratio explains, 0...1.
    public var rSquared: Double

    /// Regresses the entries of `scores` on those of `logRatio`, both `[N, M]`.
    init(scores: Tensor, logRatio: Tensor) throws(TorchError) {
        let (f, r) = (try PointwiseRegression.centred(scores), try PointwiseRegression.centred(logRatio))
        let (product, own) = (try (f * r).sum().item(), try (r * r).sum().item())
        slope = product / own
        rSquared = try product * product / (own * (f * f).sum().item())
    }

    /// Trains a critic by InfoNCE on one level, and regresses its scores of fresh pairs.
    /// - Parameters:
    ///   - bed: Gaussians whose log ratio is known.
    ///   - training: the critic and its training.
    ///   - pairs: the fresh pairs, every x with every y.
    ///   - seed: of the weights and the samples.
    ///   - progress: called with the completed share.
    public init(
        _ bed: CorrelatedGaussians, training: CriticTraining, pairs: Int = 512, seed: UInt64,
        progress: (Double) -> Void = { _ in }
    ) throws(TorchError) {
        let trainer = try CriticTrainer(
            training, estimator: InfoNCEBound(), dimensions: (bed.dimension, bed.dimension), seed: seed)
        let generator = try Generator(seed: seed &+ 1)
        for step in 0..<training.steps {
            let (x, y) = try bed.sample(training.candidates, from: generator)
            _ = try trainer.step(x.to(.float32), y.to(.float32))
            if step % 20 == 0 { progress(Double(step) / Double(training.steps)) }
        }
        let (x, y) = try bed.sample(pairs, from: generator)
        let scores = try withoutGradients { () throws(TorchError) in
            try trainer.critic(x.to(.float32), y.to(.float32)).to(.float64)
        }
        try self.init(scores: scores, logRatio: bed.logRatio(x, y))
    }

    private static func centred(_ matrix: Tensor) throws(TorchError) -> Tensor {
        let rows = try matrix - matrix.mean(dim: 1, keepdim: true)
        return try rows - rows.mean(dim: 0, keepdim: true)
    }
}
