import Foundation
import Torch
import Views

/// Frozen features of images and their classes.
public struct Features {
    /// For each encoder its features, `[N, D]`, float32, on the device that was asked for.
    public var rows: [Tensor]
    /// N classes; -1 where unlabelled.
    public var labels: [Int]
    /// N positions in the source.
    public var samples: [Int]
    /// Images that could not be used.
    public var skipped: [QuarantineRecord]

    /// Some rows of an encoder's features.
    func rows(_ encoder: Int, _ places: [Int]) throws(TorchError) -> Tensor {
        let all = rows[encoder]
        // Ascending and as many means all of them.
        if places.count == labels.count { return all }
        let index = try Tensor(places.map(Int64.init), shape: [places.count]).to(device: all.device)
        return try all.indexSelect(dim: 0, index: index)
    }
}

/// An evaluation was given up because somebody asked for it.
public struct EvaluationStopped: Error, Equatable, Sendable {}

/// Runs encoders over images, through the pipeline's evaluation branch, without gradients and with running statistics.
///
/// On processors each thread has small batches of its own, whose activations stay in its cache, and never waits for the
/// others inside an operation; features are then the same, bit for bit, with any number of threads. Batch norm is folded into
/// the convolutions of ResNets, which changes features by rounding alone.
public struct FeatureExtractor {
    private let pipeline: ViewPipeline
    private let machine: Machine
    private let maximumBad: Double
    private let batch: Int

    /// Makes an extractor.
    /// - Parameters:
    ///   - pipeline: its `evaluation` is what images pass through.
    ///   - machine: where to compute.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    ///   - batch: images at a time; on a GPU 256, on processors 4 to 32 by their size, where nil.
    public init(pipeline: ViewPipeline, machine: Machine, maximumBad: Double = 0.01, batch: Int? = nil) {
        self.pipeline = pipeline.evaluation
        self.machine = machine
        self.maximumBad = maximumBad
        let area = self.pipeline.branches[0].size.area
        self.batch = batch ?? (machine.device == .cpu ? min(max((1 << 15) / area, 4), 32) : 256)
    }

    /// Where the encoders compute.
    var device: Device { machine.device }

    /// The features of every usable image by each encoder; an image is decoded once for all of them.
    /// - Parameters:
    ///   - source: the images.
    ///   - encoders: at least one.
    ///   - device: where the features are to lie; main memory by default.
    ///   - progress: told the images done so far, now and then.
    ///   - stop: asked after each batch of the calling thread whether to give up.
    /// - Throws: `LoaderError`, `TorchError`; `EvaluationStopped` where `stop` said so.
    public func features(
        of source: any Source, by encoders: [any Encoder], on device: Device = .cpu,
        progress: (Int) -> Void = { _ in }, stop: () -> Bool = { false }
    ) throws -> Features {
        let sampler = Sampler(count: source.count, batch: min(batch, source.count), seed: nil, dropLast: false)
        let feed = try DeviceFeed(source, pipeline, sampler, machine: machine, maximumBad: maximumBad)
        defer { feed.loader.stop() }
        var networks: [FeatureCrew.Network] = []
        for encoder in encoders {
            networks.append(
                machine.device == .cpu ? try encoder.forInference() : { try encoder($0, training: false) })
        }
        let crew = FeatureCrew(
            feed, machine: machine, networks: networks, count: source.count, device: device)
        let helpers = machine.device == .cpu ? min(machine.threads, sampler.batches) - 1 : 0
        if machine.device == .cpu { try Runtime.setThreads(1) }
        let group = DispatchGroup()
        for _ in 0..<helpers {
            group.enter()
            let thread = Thread {
                crew.work(threads: 1, stop: { false }) { _ in }
                group.leave()
            }
            // The convolutions of some libraries want more than the 512 KiB that a thread has on some systems.
            thread.stackSize = 8 << 20
            thread.start()
        }
        crew.work(threads: nil, stop: stop, progress: progress)
        group.wait()
        try Runtime.setThreads(machine.threads)
        return try crew.features()
    }
}
