import Foundation
import Torch
import Views

/// The settings of a test on Gaussians.
public struct GaussianTest: Codable, Equatable, Sendable {
    /// Mutual information of the levels, nats; one training goes through them in turn.
    public var levels: [Double] = [2, 4, 6, 8, 10]
    /// d, the dimension of x and of y.
    public var dimension = 20
    /// Whether y is cubed.
    public var cubed = false

    /// 2 to 10 nats in 20 dimensions.
    public init() {}

    /// The test bed of a level.
    public func bed(_ level: Double) -> CorrelatedGaussians {
        CorrelatedGaussians(information: level, dimension: dimension, cubed: cubed)
    }
}

/// The staircase of Poole et al. 2019, arXiv 1905.06922, figure 2: an estimator's values while its critic is trained
/// and the true information rises level by level, beside those with the best critic.
///
/// Every batch is fresh, and its value is taken before the critic learns from it.
public struct Staircase: Codable, Equatable, Sendable {
    /// The distribution of batches' values.
    public struct Summary: Codable, Equatable, Sendable {
        /// The mean.
        public var mean: Double
        /// The standard deviation of one batch's value.
        public var deviation: Double
        /// The standard error of the mean over the batches.
        public var standardError: Double
        /// The 10% quantile.
        public var low: Double
        /// The 90% quantile.
        public var high: Double

        init(_ values: [Double]) {
            mean = values.mean
            deviation = values.standardDeviation
            standardError = values.standardError
            let sorted = values.sorted()
            low = sorted[sorted.count / 10]
            high = sorted[sorted.count - 1 - sorted.count / 10]
        }
    }

    /// One level of the true information.
    public struct Level: Codable, Equatable, Sendable {
        /// The true information, nats.
        public var information: Double
        /// The trained critic over the last half of the level; nil without training.
        public var learnt: Summary?
        /// The best critic over the whole level.
        public var optimal: Summary
        /// The trained critic over consecutive parts of the level, for plots.
        public var learntCurve: [Summary]
        /// The best critic over the same parts.
        public var optimalCurve: [Summary]
    }

    /// The estimator.
    public var estimator: String
    /// Bound or estimate.
    public var kind: EstimatorKind
    /// Its largest possible value; nil without a limit.
    public var ceiling: Double?
    /// The levels in turn.
    public var levels: [Level]

    /// Goes through the levels.
    /// - Parameters:
    ///   - estimator: gives the values.
    ///   - test: Gaussians and their levels.
    ///   - training: the critic and its training.
    ///   - seed: of the weights and the samples.
    ///   - progress: called with the completed share.
    public init(
        _ estimator: any InformationEstimator, test: GaussianTest, training: CriticTraining, seed: UInt64,
        progress: (Double) -> Void = { _ in }
    ) throws(TorchError) {
        self.estimator = estimator.name
        kind = estimator.kind
        ceiling = estimator.ceiling(candidates: training.candidates)
        levels = []
        let generator = try Generator(seed: seed &+ 1)
        let trainer = try CriticTrainer(
            training, estimator: estimator, dimensions: (test.dimension, test.dimension), seed: seed)
        let batches = training.steps > 0 ? training.steps : 400
        for (index, information) in test.levels.enumerated() {
            let bed = test.bed(information)
            var (learnt, optimal): ([Double], [Double]) = ([], [])
            for batch in 0..<batches {
                let (x, y) = try bed.sample(training.candidates, from: generator)
                if training.steps > 0 { learnt.append(try trainer.step(x.to(.float32), y.to(.float32))) }
                optimal.append(try estimator(bed.logRatio(x, y) + estimator.optimalOffset).item())
                let share = (Double(index) + Double(batch) / Double(batches)) / Double(test.levels.count)
                if batch % 20 == 0 { progress(share) }
            }
            let parts = min(40, batches)
            func curve(_ values: [Double]) -> [Summary] {
                values.isEmpty
                    ? []
                    : (0..<parts).map {
                        Summary(Array(values[$0 * values.count / parts..<($0 + 1) * values.count / parts]))
                    }
            }
            levels.append(
                Level(
                    information: information,
                    learnt: learnt.isEmpty ? nil : Summary(Array(learnt[(learnt.count / 2)...])),
                    optimal: Summary(optimal), learntCurve: curve(learnt), optimalCurve: curve(optimal)))
        }
    }
}
