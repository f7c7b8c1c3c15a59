import Commands
import Contrast
import Files
import Foundation
import Torch
import Views

/// `diptych estimate`: reads pairs or scores, or draws Gaussians, and prints the estimators' values side by side.
struct EstimateJob {
    private let options: EstimateCommand
    private let console = Console()

    init(_ options: EstimateCommand) { self.options = options }

    func run() throws {
        try Output.check(options.plot)
        try Runtime.setThreads(options.threading.count ?? ProcessInfo.processInfo.activeProcessorCount)
        Runtime.keepMemory()
        let estimators = try chosen()
        let training = try settings()
        if options.gaussian {
            try gaussian(training, estimators)
        } else if let file = options.scores {
            let scores = try ScoreBatches(contentsOf: file, candidates: options.candidates)
            let report = try EstimateReport(scores, estimators: estimators)
            try show(report.lines, report.json())
        } else {
            let samples = try PairedSamples(x: options.views[0], y: options.views[1])
            if !training.critic.component.hasWeights && samples.dimensions.x != samples.dimensions.y {
                throw Failure(
                    .unusable,
                    "--critic \(training.critic.name): needs x and y of the same dimension, x has \(samples.dimensions.x) "
                        + "and y has \(samples.dimensions.y); use bilinear, separable or concatenated")
            }
            let split = try HeldOutSplit(samples, candidates: training.candidates, seed: options.seed)
            let report = try EstimateReport(
                samples, split: split, training: training, estimators: estimators, seed: options.seed
            ) { console.working($0, share: 0) }
            try show(report.lines, report.json())
        }
    }

    private func gaussian(_ training: CriticTraining, _ estimators: [any InformationEstimator]) throws {
        var test = GaussianTest()
        if !options.information.isEmpty { test.levels = options.information }
        test.dimension = options.dimension ?? test.dimension
        test.cubed = options.cubed
        if options.saturation {
            let curve = try SaturationCurve(test, seed: options.seed) { console.working("InfoNCE", share: $0) }
            return try show(curve.lines, curve.json(), curve.picture)
        }
        if options.pointwise {
            let report = try PointwiseReport(test, training: training, seed: options.seed) {
                console.working("InfoNCE", share: $0)
            }
            return try show(report.lines, report.json())
        }
        var stairs: [Staircase] = []
        for estimator in estimators {
            stairs.append(
                try Staircase(estimator, test: test, training: training, seed: options.seed) {
                    console.working(estimator.name, share: $0)
                })
            // Each level takes minutes; without a terminal, only these notices show progress.
            if training.steps > 0 { console.notice("\(estimator.name): \(stairs.count) of \(estimators.count)") }
        }
        let report = StaircaseReport(stairs, test: test, training: training)
        try show(report.lines, report.json(), report.picture)
    }

    private func show(_ lines: [String], _ json: Data, _ picture: SVG? = nil) throws {
        console.clear()
        if let picture, let file = options.plot { try AtomicFile.write(picture.text, to: file) }
        guard !options.json else { return try Output.result(json) }
        try Output.result(lines + (options.plot.map { [$0] } ?? []))
    }

    private func settings() throws(ConfigurationError) -> CriticTraining {
        var overrides = options.overrides
        if let critic = options.critic { overrides.append("critic=\(critic)") }
        if let candidates = options.candidates { overrides.append("candidates=\(candidates)") }
        if let steps = options.steps { overrides.append("steps=\(steps)") }
        return try ConfigurationReader(file: "estimate", text: "{}", overrides: overrides).read(CriticTraining.self)
    }

    private func chosen() throws(ConfigurationError) -> [any InformationEstimator] {
        guard !options.estimators.isEmpty else { return EstimatorFamily.all }
        var chosen: [any InformationEstimator] = []
        for name in options.estimators {
            let reader = try ConfigurationReader(
                file: "--estimators", text: "estimator: \(name.contains(":") ? "{\(name)}" : name)")
            chosen.append(try reader.read(ChosenEstimator.self).estimator.component)
        }
        return chosen
    }
}

/// One of `--estimators`, read like a pipeline file.
private struct ChosenEstimator: Component {
    static let name = "estimators"

    var estimator = Selected<EstimatorFamily>(InfoNCEBound())
}
