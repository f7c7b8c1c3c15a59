import Files
import Foundation
import Torch

/// How well InfoNCE's critic has learned the pointwise mutual information, level by level.
public struct PointwiseReport: Codable, Equatable, Sendable {
    /// One level of the true information.
    public struct Level: Codable, Equatable, Sendable {
        /// The true information, nats.
        public var information: Double
        /// The scores on the log ratio.
        public var regression: PointwiseRegression
    }

    /// The critic.
    public var critic: String
    /// K, the pairs of a batch.
    public var candidates: Int
    /// Steps of each level.
    public var steps: Int
    /// One critic for each level.
    public var levels: [Level]

    /// Trains a new critic on each level and regresses its scores.
    public init(
        _ test: GaussianTest, training: CriticTraining, seed: UInt64, progress: (Double) -> Void = { _ in }
    ) throws(TorchError) {
        (critic, candidates, steps) = (training.critic.name, training.candidates, training.steps)
        levels = []
        for (index, information) in test.levels.enumerated() {
            let regression = try PointwiseRegression(test.bed(information), training: training, seed: seed) {
                progress((Double(index) + $0) / Double(test.levels.count))
            }
            levels.append(Level(information: information, regression: regression))
        }
    }

    /// One JSON object, keys in snake_case.
    public func json() throws -> Data { try JSON.document(self) }

    /// The report as a table.
    public var lines: [String] {
        [
            "scores of a \(critic) critic, InfoNCE, K = \(candidates), \(steps) steps, on log p(x, y) / (p(x) p(y)), "
                + "rows and columns centred",
            tableRow("true information", ["slope", "R^2"]),
        ]
            + levels.map { level in
                tableRow(
                    nats(level.information),
                    [nats(level.regression.slope), String(format: "%.3f", level.regression.rSquared)])
            }
    }
}
