import Torch
import Views

/// Frozen features of images and their classes.
public struct Features {
    /// For each encoder its features, `[N, D]`, float32, in main memory.
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

    /// The features of every usable image by each encoder; an image is decoded once for all of them.
    /// - Parameter progress: told the images done so far, after each batch.
    /// - Throws: `LoaderError`, `TorchError`.
    public func features(
        of source: any Source, by encoders: [any Encoder], progress: (Int) -> Void = { _ in }
    ) throws -> Features {
        var options = LoaderOptions()
        options.threads = machine.loaderThreads
        options.badImages = .skip(maximum: maximumBad)
        let loader = try Loader(
            source, pipeline: pipeline,
            sampler: Sampler(count: source.count, batch: min(batch, source.count), seed: nil, dropLast: false), seed: 0,
            epochs: 0..<1, options: options)
        defer { loader.stop() }
        var parts: [[Tensor]] = Array(repeating: [], count: encoders.count)
        var labels: [Int] = []
        var samples: [Int] = []
        while let batch = try loader.next() {
            try withoutGradients {
                let images = try machine.tensor(batch, branch: 0)
                for (index, encoder) in encoders.enumerated() {
                    parts[index].append(try encoder(images, training: false).to(.float32).to(device: .cpu))
                }
            }
            labels += batch.labels
            samples += batch.samples
            progress(labels.count)
        }
        guard !labels.isEmpty else { throw LoaderError.empty("no image can be used") }
        return Features(
            rows: try parts.map { try Tensor.cat($0, dim: 0) }, labels: labels, samples: samples,
            skipped: loader.quarantine)
    }
}
