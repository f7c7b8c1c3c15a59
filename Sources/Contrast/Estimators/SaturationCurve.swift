import Files
import Foundation
import Torch

/// InfoNCE with the best critic over the number of candidates; no critic lifts it above log K.
public struct SaturationCurve: Codable, Equatable, Sendable {
    /// One number of candidates.
    public struct Point: Codable, Equatable, Sendable {
        /// K.
        public var candidates: Int
        /// The mean over batches, nats.
        public var value: Double
        /// Its standard error over the batches.
        public var standardError: Double
    }

    /// One level of the true information.
    public struct Curve: Codable, Equatable, Sendable {
        /// The true information, nats.
        public var information: Double
        /// The bound by candidates.
        public var points: [Point]
    }

    /// One for each level.
    public var curves: [Curve]

    /// Measures.
    /// - Parameters:
    ///   - test: Gaussians and their levels.
    ///   - candidates: batch sizes.
    ///   - pairs: the least number of pairs of all batches together; there are at least four batches.
    ///   - seed: of the samples.
    ///   - progress: called with the completed share.
    public init(
        _ test: GaussianTest, candidates: [Int] = (1...12).map { 1 << $0 }, pairs: Int = 32_768, seed: UInt64,
        progress: (Double) -> Void = { _ in }
    ) throws(TorchError) {
        let generator = try Generator(seed: seed)
        curves = []
        for (index, information) in test.levels.enumerated() {
            let bed = test.bed(information)
            var points: [Point] = []
            for (step, count) in candidates.enumerated() {
                progress((Double(index) + Double(step) / Double(candidates.count)) / Double(test.levels.count))
                var values: [Double] = []
                for _ in 0..<max(4, pairs / count) {
                    let (x, y) = try bed.sample(count, from: generator)
                    values.append(try InfoNCEBound()(bed.logRatio(x, y)).item())
                }
                points.append(
                    Point(candidates: count, value: values.mean, standardError: values.standardError))
            }
            curves.append(Curve(information: information, points: points))
        }
    }

    /// One JSON object, keys in snake_case.
    public func json() throws -> Data { try JSON.document(self) }

    /// The report as a table.
    public var lines: [String] {
        guard let first = curves.first else { return [] }
        var lines = [
            "InfoNCE with the best critic, nats by candidates K",
            tableRow("true information", curves.map { nats($0.information) } + ["log K"]),
        ]
        for (index, point) in first.points.enumerated() {
            let cells = curves.map { nats($0.points[index].value) } + [nats(log(Double(point.candidates)))]
            lines.append(tableRow("K = \(point.candidates)", cells))
        }
        let errors = curves.flatMap { $0.points.map(\.standardError) }
        lines.append("standard errors are at most \(String(format: "%.3f", errors.max() ?? 0))")
        return lines
    }

    /// The bound over log K.
    public var picture: SVG {
        var plot = LinePlot(
            title: "InfoNCE with the best critic", xLabel: "candidates K", yLabel: "nats")
        let colours: [LinePlot.Colour] = [.blue, .green, .orange, .purple, .ink]
        plot.logarithmicBase = 4
        plot.series = curves.enumerated().map { index, curve in
            .init(
                "\(String(format: "%g", curve.information)) nats", colours[index % colours.count],
                points: curve.points.map { (Double($0.candidates), $0.value) })
        }
        let candidates = curves.first?.points.map { Double($0.candidates) } ?? []
        plot.series.append(.init("log K", .faint, dashed: true, points: candidates.map { ($0, log($0)) }))
        plot.yRange = 0...(candidates.map { log($0) }.max() ?? 1) + 0.3
        return SVG(title: "The bound saturates at log K", plots: [plot], columns: 1, panel: (560, 330))
    }
}
