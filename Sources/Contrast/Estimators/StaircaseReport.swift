import Files
import Foundation

/// The staircases of several estimators side by side.
public struct StaircaseReport: Codable, Equatable, Sendable {
    /// The test bed.
    public var test: GaussianTest
    /// The trained critic.
    public var critic: String
    /// K, the pairs of a batch.
    public var candidates: Int
    /// Steps of each level; 0 without training.
    public var steps: Int
    /// One for each estimator.
    public var stairs: [Staircase]

    /// Collects staircases.
    public init(_ stairs: [Staircase], test: GaussianTest, training: CriticTraining) {
        (self.stairs, self.test) = (stairs, test)
        (critic, candidates, steps) = (training.critic.name, training.candidates, training.steps)
    }

    /// One JSON object, keys in snake_case; infinities are the texts `Infinity` and `-Infinity`.
    public func json() throws -> Data { try JSON.document(self) }

    /// The report as a table: means over batches, and the standard deviation of one batch's value.
    public var lines: [String] {
        var lines = [
            "Gaussians of \(test.dimension) dimensions\(test.cubed ? ", y cubed" : ""), K = \(candidates), "
                + String(format: "log K = %.2f nats", log(Double(candidates))),
            tableRow("true information", test.levels.map { nats($0) } + ["", "ceiling"]),
        ]
        for stair in stairs {
            let end = [stair.kind.rawValue, stair.ceiling.map { nats($0) } ?? "none"]
            let optimal = stair.levels.map(\.optimal)
            lines.append(tableRow(stair.estimator, optimal.map { nats($0.mean) } + end))
            lines.append(tableRow("  std", optimal.map { nats($0.deviation) }))
            let trained = stair.levels.compactMap(\.learnt)
            if trained.isEmpty { continue }
            lines.append(tableRow("  trained", trained.map { nats($0.mean) }))
            lines.append(tableRow("  std", trained.map { nats($0.deviation) }))
        }
        let training = "trained: a \(critic) critic, the last half of \(steps) steps a level"
        lines.append("means over batches with the best critic" + (steps > 0 ? "; \(training)" : ""))
        return lines
    }

    /// A panel for each estimator: the true information, log K, and the values with the best and the trained critic,
    /// with their 10% and 90% quantiles.
    public var picture: SVG {
        let top = (test.levels.max() ?? 1) * 1.4
        let plots = stairs.map { stair in
            var plot = LinePlot(
                title: "\(stair.estimator) (\(stair.kind.rawValue))", xLabel: steps > 0 ? "step" : "batch",
                yLabel: "nats")
            plot.yRange = -0.2 * top...top
            let length = Double(steps > 0 ? steps : 400)
            plot.xRange = 0...length * Double(stair.levels.count)
            let truth = stair.levels.enumerated().flatMap { index, level in
                [0.0, 1].map { (x: (Double(index) + $0) * length, y: level.information) }
            }
            func line(
                _ name: String, _ colour: LinePlot.Colour, _ curve: (Staircase.Level) -> [Staircase.Summary]
            ) -> LinePlot.Series {
                var series = LinePlot.Series(name, colour, points: [])
                for (index, level) in stair.levels.enumerated() {
                    let parts = curve(level)
                    for (part, summary) in parts.enumerated() {
                        let x = (Double(index) + (Double(part) + 0.5) / Double(parts.count)) * length
                        series.points.append((x, summary.mean))
                        series.band.append((x, summary.low, summary.high))
                    }
                }
                return series
            }
            let ceiling = log(Double(candidates))
            plot.series = [
                .init("log K", .faint, dashed: true, points: [(0, ceiling), (plot.xRange?.upperBound ?? 1, ceiling)]),
                line("best critic", .orange) { $0.optimalCurve },
            ]
            if steps > 0 { plot.series.append(line("trained critic", .blue) { $0.learntCurve }) }
            plot.series.append(.init("true information", .ink, points: truth))
            return plot
        }
        return SVG(
            title: "Estimates of the mutual information of Gaussians (d = \(test.dimension)"
                + "\(test.cubed ? ", y cubed" : ""), K = \(candidates))", plots: plots, columns: 4, panel: (270, 210))
    }
}
