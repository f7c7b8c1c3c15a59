import Foundation
import Torch
import Views

/// Measures training steps: as they run, then stage by stage, then what share of the machine's rate of products they reach.
public struct StepBench {
    /// Steps of each measurement.
    public var steps = 20
    /// Steps before them, in which libraries set up what they keep.
    public var warmUp = 3
    /// The share of unusable images, 0...1, above which it stops.
    public var maximumBad = 0.01

    /// Twenty steps.
    public init() {}

    /// Trains on the images for a while and says how the time was spent; nothing is kept.
    /// - Throws: `TrainingError`, `InvalidSetting`, `LoaderError`, `TorchError`.
    public func run(_ experiment: Experiment, images: any Source, machine: Machine) throws -> StepReport {
        let training = experiment.training
        let pipeline = try ViewPipeline(experiment.views)
        let method = experiment.method.component
        let images = try method.labelled(images).images
        let pairs = min(training.batchSize, images.count)
        try experiment.check(views: pipeline)
        guard images.count >= 2 else {
            throw TrainingError(.data, "there are \(images.count) images; a contrast needs two at least")
        }
        guard !(method is any CaptionedMethod) else {
            throw TrainingError(
                .unusable, "method.clip: learns from captions; steps are measured of methods that need none")
        }
        try experiment.check(encoder: pipeline)
        let data = TrainingData(
            pairs: pairs, images: images.count, classes: images.classes.count, seed: training.seed)
        do throws(InvalidSetting) {
            try method.validate(data)
        } catch {
            throw TrainingError(error, inside: "method.\(experiment.method.name)")
        }
        let model = try method.build(
            encoder: experiment.encoder.component, data: data, generator: Generator(seed: training.seed))
        try machine.take(model, precision: training.precision)
        let optimizer = try training.optimizer.component.build(model.namedParameters)
        let stepGuard = try StepGuard(model, policy: training.onNonfinite)
        let sampler = Sampler(count: images.count, batch: pairs, seed: training.seed, dropLast: true)
        var options = DeviceFeed.options(for: machine)
        options.badImages = .skip(maximum: maximumBad)
        let passes = (warmUp + 2 * steps) / max(sampler.batches, 1) + 2
        let loader = try Loader(
            images, pipeline: pipeline, sampler: sampler, seed: training.seed, epochs: 0..<passes, options: options)
        defer { loader.stop() }
        let feed = try DeviceFeed(loader, pipeline, machine)
        let clock = StageClock(machine.device)
        let classified = !images.classes.isEmpty

        func step(measured: Bool) throws {
            let clock = measured ? clock : nil
            let batch = try StageClock.measure(clock, .data) {
                // A pass may end here; another follows.
                let first = try feed.next()
                return try first ?? feed.next()
            }
            guard let batch else { throw TrainingError(.data, "no batch has a usable image") }
            try stepGuard.begin()
            try optimizer.zeroGrad()
            let cache = training.chunk.map { GradientCache(chunk: $0) }
            var given = ContrastiveBatch(
                branches: try feed.views(of: batch), labels: classified ? batch.labels : nil, samples: batch.samples,
                cache: cache, precision: training.precision)
            given.clock = clock
            let objective = try StageClock.measure(clock, .loss) { try model.objective(given) }
            try StageClock.measure(clock, .backward) {
                try objective.loss.backward()
                try cache?.backward()
            }
            try StageClock.measure(clock, .data) { try feed.prefetch() }
            try StageClock.measure(clock, .update) {
                try stepGuard.check(loss: objective.loss.item())
                try optimizer.step(factor: 1)
            }
        }

        for _ in 0..<warmUp { try step(measured: false) }
        try Runtime.synchronize(machine.device)
        let (before, waited, start) = (Runtime.operations, loader.waitSeconds, ContinuousClock.now)
        for _ in 0..<steps { try step(measured: false) }
        try Runtime.synchronize(machine.device)
        let seconds = (ContinuousClock.now - start).seconds
        let (operations, wait) = (Runtime.operations - before, loader.waitSeconds - waited)
        for _ in 0..<steps { try step(measured: true) }
        let peak = try StepBench.peak(on: machine.device, training.precision)
        return StepReport(
            device: "\(machine.device)", libtorch: Runtime.version, threads: machine.threads,
            precision: training.precision, pairs: pairs, views: pipeline.viewCount,
            milliseconds: seconds / Double(steps) * 1e3, pairsPerSecond: Double(steps * pairs) / seconds,
            dataWait: wait / seconds,
            stages: StageClock.Stage.allCases.map { stage in
                StepReport.Stage(
                    name: stage.rawValue, milliseconds: (clock.seconds[stage] ?? 0) / Double(steps) * 1e3)
            },
            gflops: Double(operations) / seconds / 1e9, peakGflops: peak / 1e9)
    }

    /// Floating-point operations a second of a large matrix product, the best of several.
    private static func peak(on device: Device, _ precision: Precision) throws -> Double {
        let n = device == .cpu ? 2048 : 8192
        let generator = try Generator(seed: 0)
        let (a, b) = (
            try generator.normal([n, n], deviation: 1).to(device: device),
            try generator.normal([n, n], deviation: 1).to(device: device)
        )
        return try withoutGradients {
            let dtype: DType = precision == .bfloat16 ? .bfloat16 : .float32
            let (left, right) = (try a.to(dtype), try b.to(dtype))
            var best = Double.infinity
            for _ in 0..<6 {
                let start = ContinuousClock.now
                _ = try left.matmul(right)
                try Runtime.synchronize(device)
                best = min(best, (ContinuousClock.now - start).seconds)
            }
            return 2 * Double(n) * Double(n) * Double(n) / best
        }
    }
}

/// How the time of training steps was spent.
public struct StepReport: Codable, Equatable, Sendable, CustomStringConvertible {
    /// A stage and what it takes.
    public struct Stage: Codable, Equatable, Sendable {
        /// `data`, `forward`, `loss`, `backward` or `update`.
        public var name: String
        /// Of a step, measured apart: stages overlap in training.
        public var milliseconds: Double
    }

    /// The device of the network.
    public var device: String
    /// libtorch's version.
    public var libtorch: String
    /// Threads of an operation.
    public var threads: Int
    /// How the networks round.
    public var precision: Precision
    /// Images of a step.
    public var pairs: Int
    /// Views of an image.
    public var views: Int
    /// Of a step.
    public var milliseconds: Double
    /// Images (not views) a second.
    public var pairsPerSecond: Double
    /// The share of the time spent waiting for the loader.
    public var dataWait: Double
    /// The stages, in their order.
    public var stages: [Stage]
    /// 1e9 operations of products and convolutions a second, counted as if each were computed directly: transforms that need
    /// fewer can bring it above the peak.
    public var gflops: Double
    /// The same of a large matrix product.
    public var peakGflops: Double

    /// A table for people.
    public var description: String {
        let total = stages.reduce(0) { $0 + $1.milliseconds }
        var lines = [
            "\(device), libtorch \(libtorch), \(precision.rawValue), \(threads) threads: \(pairs) images of \(views) views a step",
            String(
                format: "%.1f ms a step, %.1f pairs/s, waiting for data %.1f%% of the time", milliseconds,
                pairsPerSecond, dataWait * 100),
            String(
                format: "%.0f of %.0f GFLOP/s of a large matrix product (%.0f%%)", gflops, peakGflops,
                gflops / peakGflops * 100),
            "stage by stage, ms of a step:",
        ]
        for stage in stages {
            let name = stage.name.padding(toLength: 10, withPad: " ", startingAt: 0)
            lines.append(
                String(
                    format: "  \(name) %8.2f  %4.1f%%", stage.milliseconds, stage.milliseconds / max(total, 1e-9) * 100)
            )
        }
        return lines.joined(separator: "\n")
    }
}
