import Files
import Foundation
import Torch
import Views

/// The values of several estimators on the same pairs.
public struct EstimateReport: Codable, Equatable, Sendable {
    /// The value of one estimator.
    public struct Row: Codable, Equatable, Sendable {
        /// The estimator.
        public var estimator: String
        /// Bound or estimate.
        public var kind: EstimatorKind
        /// The mean over the batches, nats; minus infinity if a batch's value overflows float64.
        public var value: Double
        /// The standard error of the mean over the batches; nil with one batch.
        public var standardError: Double?
        /// Its largest possible value with so many candidates; nil without a limit.
        public var ceiling: Double?

        /// Summarises the values of some batches.
        public init(_ estimator: any InformationEstimator, values: [Double], candidates: Int) {
            self.estimator = estimator.name
            kind = estimator.kind
            value = values.mean
            standardError = values.count > 1 ? values.standardError : nil
            ceiling = estimator.ceiling(candidates: candidates)
        }
    }

    /// A description of the source of the scores.
    public var source: String
    /// K, the pairs of a batch.
    public var candidates: Int
    /// The number of batches that the values are means over.
    public var batches: Int
    /// The number of pairs that trained or validated the critic; 0 for given scores.
    public var learntFrom: Int
    /// One for each estimator.
    public var rows: [Row]

    /// Trains a critic for each estimator on some of the pairs, and reports on others.
    /// - Parameters:
    ///   - samples: the pairs.
    ///   - split: train, validation and test.
    ///   - training: the critic and its training.
    ///   - estimators: what to report, in this order.
    ///   - seed: of the split, the weights and the batches.
    ///   - progress: called with each estimator's name.
    public init(
        _ samples: PairedSamples, split: HeldOutSplit, training: CriticTraining,
        estimators: [any InformationEstimator], seed: UInt64, progress: (String) -> Void = { _ in }
    ) throws(TorchError) {
        candidates = training.candidates
        batches = split.test.count / training.candidates
        learntFrom = split.train.count + split.validation.count
        source =
            "\(samples.count) pairs of \(samples.dimensions.x) and \(samples.dimensions.y) dimensions, "
            + "\(training.critic.name) critic trained on \(split.train.count), validated on \(split.validation.count), "
            + "tested on \(split.test.count)"
        rows = []
        for estimator in estimators {
            progress(estimator.name)
            let values = try training.heldOutValues(of: samples, split: split, by: estimator, seed: seed)
            rows.append(Row(estimator, values: values, candidates: candidates))
        }
    }

    /// Reports on scores of a critic from elsewhere.
    public init(_ scores: ScoreBatches, estimators: [any InformationEstimator]) throws(TorchError) {
        candidates = scores.candidates
        batches = scores.count
        learntFrom = 0
        source = "scores of \(scores.count * scores.candidates) pairs"
        rows = []
        for estimator in estimators {
            var values: [Double] = []
            for batch in 0..<scores.count { values.append(try estimator(scores.matrix(batch)).item()) }
            rows.append(Row(estimator, values: values, candidates: candidates))
        }
    }

    /// One JSON object, keys in snake_case; infinities are the texts `Infinity` and `-Infinity`.
    public func json() throws -> Data { try JSON.document(self) }

    /// The report as a table.
    public var lines: [String] {
        var lines = [
            source + "; \(batches) batch\(batches == 1 ? "" : "es") of K = \(candidates), log K = "
                + String(format: "%.2f", log(Double(candidates))) + " nats",
            tableRow("estimator", ["value", "std. error", "", "ceiling"]),
        ]
        lines += rows.map { row in
            tableRow(
                row.estimator,
                [
                    nats(row.value), row.standardError.map { nats($0) } ?? "-", row.kind.rawValue,
                    row.ceiling.map { nats($0) } ?? "none",
                ])
        }
        lines.append("a bound lies below the information on average; an estimate can lie above it")
        return lines
    }
}

/// A name and cells of ten characters.
func tableRow(_ name: String, _ cells: [String]) -> String {
    name.padding(toLength: 18, withPad: " ", startingAt: 0)
        + cells.map { String(repeating: " ", count: max(1, 12 - $0.count)) + $0 }.joined()
}

/// Two decimals, or an exponent for very large numbers.
func nats(_ value: Double) -> String {
    // Values that round to 0 have no sign.
    let value = abs(value) < 0.005 ? 0 : value
    return String(format: abs(value) < 1000 || !value.isFinite ? "%.2f" : "%.0e", value)
}
