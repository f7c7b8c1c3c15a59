import Foundation
import Torch
import Views

/// Frozen features of images, and the images' classes.
public struct Features {
    /// Features of each encoder, `[N, D]`, float32.
    public var rows: [Tensor]
    /// N classes, -1 for none.
    public var labels: [Int]
    /// The N images' indices in the source.
    public var samples: [Int]
    /// The images that were skipped.
    public var skipped: [QuarantineRecord]

    /// Rows of an encoder's features at ascending indices.
    func rows(_ encoder: Int, _ indices: [Int]) throws(TorchError) -> Tensor {
        let all = rows[encoder]
        if indices.count == labels.count { return all }
        let index = try Tensor(indices.map(Int64.init), shape: [indices.count]).to(device: all.device)
        return try all.indexSelect(dim: 0, index: index)
    }
}

extension Features {
    /// Throws unless all features are finite.
    /// - Parameter path: the encoder's file.
    func requireFinite(_ path: String) throws {
        for features in rows {
            // 0 times infinity or NaN is NaN.
            guard try (features * 0).sum().item() == 0 else {
                throw TrainingError(
                    .failed, "\(path): gives features that are infinite or NaN; its training has diverged")
            }
        }
    }
}

/// The caller stopped an evaluation.
public struct EvaluationStopped: Error, Equatable, Sendable {}

/// Runs encoders over images through the pipeline's evaluation branch, without gradients, with running statistics.
///
/// On a CPU each thread has its own small batches, whose activations stay in its cache, and does not wait for others
/// inside operations. The features are therefore bit-equal for any number of threads. Batch norm is folded into the
/// convolutions of ResNets, which changes features by rounding only.
public struct FeatureExtractor {
    private let pipeline: ViewPipeline
    private let machine: Machine
    private let maximumBad: Double
    private let batch: Int

    /// Makes an extractor.
    /// - Parameters:
    ///   - pipeline: its `evaluation` branch is used.
    ///   - machine: where to compute.
    ///   - maximumBad: the share of skipped images, 0...1, above which it throws.
    ///   - batch: the number of images of a batch; nil for 256 on a GPU, and 4 to 32, depending on their size, on a
    ///     CPU.
    public init(pipeline: ViewPipeline, machine: Machine, maximumBad: Double = 0.01, batch: Int? = nil) {
        self.pipeline = pipeline.evaluation
        self.machine = machine
        self.maximumBad = maximumBad
        let area = self.pipeline.branches[0].size.area
        self.batch = batch ?? (machine.device == .cpu ? min(max((1 << 15) / area, 4), 32) : 256)
    }

    /// The device of the encoders.
    var device: Device { machine.device }

    /// The features of every readable image by each encoder. An image is decoded once for all encoders.
    /// - Parameters:
    ///   - source: the images.
    ///   - encoders: at least one.
    ///   - device: the device of the features.
    ///   - progress: called with the number of images done.
    ///   - stop: called after each batch of the calling thread; true stops.
    /// - Throws: `LoaderError`, `TorchError`; `EvaluationStopped` if `stop` returned true.
    public func features(
        of source: any Source, by encoders: [any Encoder], on device: Device = .cpu,
        progress: (Int) -> Void = { _ in }, stop: () -> Bool = { false }
    ) throws -> Features {
        let sampler = Sampler(count: source.count, batch: min(batch, source.count), seed: nil, dropLast: false)
        let feed = try DeviceFeed(source, pipeline, sampler, machine: machine, maximumBad: maximumBad)
        defer { feed.loader.stop() }
        var networks: [FeatureWorkers.Network] = []
        for encoder in encoders {
            networks.append(
                machine.device == .cpu ? try encoder.forInference() : { try encoder($0, training: false) })
        }
        let workers = FeatureWorkers(
            feed, machine: machine, networks: networks, count: source.count, device: device)
        let helpers = machine.device == .cpu ? min(machine.threads, sampler.batches) - 1 : 0
        if machine.device == .cpu { try Runtime.setThreads(1) }
        let group = DispatchGroup()
        for _ in 0..<helpers {
            group.enter()
            let thread = Thread {
                workers.work(threads: 1, stop: { false }) { _ in }
                group.leave()
            }
            // Some libraries' convolutions need more than the 512 KiB of a thread's stack on some systems.
            thread.stackSize = 8 << 20
            thread.start()
        }
        workers.work(threads: nil, stop: stop, progress: progress)
        group.wait()
        try Runtime.setThreads(machine.threads)
        return try workers.features()
    }
}
