import Foundation
import Torch
import Views

/// Measures training steps: as they run, then stage by stage, then what share of the machine's rate of products they
/// reach.
public struct StepBench {
    /// Steps of each measurement.
    public var steps = 20
    /// Steps before them, in which libraries set up what they keep.
    public var warmUp = 3
    /// The share of unusable images, 0...1, above which it stops.
    public var maximumBad = 0.01

    /// Twenty steps.
    public init() {}

    /// Trains on the images for a while and measures the steps; nothing is kept.
    /// - Parameters:
    ///   - experiment: the resolved settings.
    ///   - images: the images to train on.
    ///   - machine: where to compute.
    ///   - group: the processes that train together; each measures its own steps.
    /// - Throws: `TrainingError`, `InvalidSetting`, `LoaderError`, `TorchError`, `FileError`.
    public func run(
        _ experiment: Experiment, images: any Source, machine: Machine, group: ProcessGroup? = nil
    ) throws -> StepReport {
        let (setup, feed) = try prepare(experiment, images: images, machine: machine, group: group)
        defer { feed.loader.stop() }
        let step = try TrainingStep(setup)

        _ = try take(warmUp, step, setup, feed)
        try Runtime.synchronize(machine.device)
        let (before, waited, start) = (Runtime.operations, feed.loader.waitSeconds, ContinuousClock.now)
        let count = try take(steps, step, setup, feed)
        try Runtime.synchronize(machine.device)
        let seconds = (ContinuousClock.now - start).seconds
        let (operations, wait) = (Runtime.operations - before, feed.loader.waitSeconds - waited)
        let clock = StageClock(machine.device)
        _ = try take(steps, step, setup, feed, clock)
        let peak = try StepBench.peak(on: machine.device, experiment.training.precision)
        try setup.ranks.finish()
        let ranks = setup.ranks.size
        return StepReport(
            device: "\(machine.device)", libtorch: Runtime.version, threads: machine.threads, ranks: ranks,
            precision: experiment.training.precision, pairs: setup.sampler.batch * ranks,
            views: setup.pipeline.viewCount, milliseconds: seconds / Double(steps) * 1e3,
            pairsPerSecond: Double(count) / seconds, dataWait: wait / seconds,
            stages: StageClock.Stage.allCases.map { stage in
                StepReport.Stage(
                    name: stage.rawValue, milliseconds: (clock.seconds[stage] ?? 0) / Double(steps) * 1e3)
            },
            gflops: Double(operations) / seconds / 1e9, peakGflops: peak / 1e9)
    }

    /// The networks of a run, and batches enough for all measurements.
    func prepare(
        _ experiment: Experiment, images: any Source, machine: Machine, group: ProcessGroup?
    ) throws -> (setup: TrainingSetup, feed: DeviceFeed) {
        let (pipeline, ranks) = (try experiment.pipeline(), Ranks(group))
        // No folder is written, so the name means nothing.
        let selected = try experiment.select(images, folder: RunFolder("", isWritten: false), resumes: false)
        let setup = try TrainingSetup(experiment, pipeline, selected, machine: machine, ranks: ranks)
        _ = try ranks.broadcast(setup.model, setup.optimizer, Checkpoint.Position())
        let epochs = (warmUp + 2 * steps) / max(setup.sampler.batches, 1) + 2
        return (setup, try setup.feed(epochs: 0..<epochs, maximumBad: maximumBad))
    }

    /// Takes steps at a share of the learning rate, and returns the number of their images.
    func take(
        _ steps: Int, _ step: TrainingStep, _ setup: TrainingSetup, _ feed: DeviceFeed, _ clock: StageClock? = nil,
        factor: Double = 1
    ) throws -> Int {
        var images = 0
        for _ in 0..<steps {
            var turn = try StageClock.measure(clock, .data) { try setup.ranks.next(feed) }
            // Another epoch follows.
            if case .endOfEpoch = turn { turn = try StageClock.measure(clock, .data) { try setup.ranks.next(feed) } }
            guard case .batch(let batch) = turn else { throw TrainingError(.data, "no batch has a usable image") }
            images += try step(batch, from: feed, StepValues(factor: factor), clock: clock).images
        }
        return images
    }

    /// Floating-point operations a second of a large matrix product, the best of several.
    private static func peak(on device: Device, _ precision: Precision) throws -> Double {
        let n = device == .cpu ? 2048 : 8192
        let generator = try Generator(seed: 0)
        let (a, b) = (
            try generator.normal([n, n], std: 1).to(device: device),
            try generator.normal([n, n], std: 1).to(device: device)
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
