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
}

/// Runs encoders over images, through the pipeline's evaluation branch, without gradients and with running statistics.
public struct FeatureExtractor {
    private let pipeline: ViewPipeline
    private let machine: Machine
    private let maximumBad: Double
    private let batch: Int

    /// Makes an extractor.
    /// - Parameter batch: images at a time.
    public init(pipeline: ViewPipeline, machine: Machine, maximumBad: Double = 0.01, batch: Int = 256) {
        self.pipeline = pipeline.evaluation
        self.machine = machine
        self.maximumBad = maximumBad
        self.batch = batch
    }

    /// Where the encoders compute.
    var device: Device { machine.device }

    /// The features of every usable image by each encoder; an image is decoded once for all of them.
    /// - Parameters:
    ///   - device: where the features are to lie; main memory by default.
    ///   - progress: told the images done so far, after each batch.
    /// - Throws: `LoaderError`, `TorchError`.
    public func features(
        of source: any Source, by encoders: [any Encoder], on device: Device = .cpu,
        progress: (Int) -> Void = { _ in }
    ) throws -> Features {
        var options = LoaderOptions()
        options.threads = machine.loaderThreads
        options.badImages = .skip(maximum: maximumBad)
        let loader = try Loader(
            source, pipeline: pipeline,
            sampler: Sampler(count: source.count, batch: min(batch, source.count), seed: nil, dropLast: false), seed: 0,
            epochs: 0..<1, options: options)
        defer { loader.stop() }
        var rows: [Tensor] = []
        var labels: [Int] = []
        var samples: [Int] = []
        while let batch = try loader.next() {
            try withoutGradients {
                let images = try machine.tensor(batch, branch: 0)
                for (index, encoder) in encoders.enumerated() {
                    let features = try encoder(images, training: false)
                    // One block for all rows: joining parts at the end would need the memory twice.
                    if rows.count == index {
                        rows.append(try .zeros([source.count, features.shape[1]], device: device))
                    }
                    try rows[index].narrow(dim: 0, start: labels.count, length: batch.count).copy(from: features)
                }
            }
            labels += batch.labels
            samples += batch.samples
            progress(labels.count)
        }
        guard !labels.isEmpty else { throw LoaderError.empty("no image can be used") }
        return Features(
            rows: try rows.map { try $0.narrow(dim: 0, start: 0, length: labels.count) }, labels: labels,
            samples: samples, skipped: loader.quarantine)
    }
}
