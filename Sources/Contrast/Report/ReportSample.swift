import Foundation
import Torch
import Views

/// Embeddings and features of a sample of images, for the sections of a report that show images.
public struct ReportSample {
    /// The embeddings of view pairs.
    public let embedded: RunEmbeddings
    let diagnosis: Diagnosis
    /// Frozen features of at most 600 images, by the evaluation branch.
    let features: Features
    let images: Subset
    let map: EmbeddingMap
    let pipeline: ViewPipeline
    let seed: UInt64
    /// The time of each stage of making views; nil if it was not measured.
    let bench: BenchReport?

    /// Embeds a sample and measures it.
    /// - Parameters:
    ///   - path: a run folder, or weights from elsewhere.
    ///   - use: how weights from elsewhere are used.
    ///   - source: the run's training images, or similar ones.
    ///   - machine: where to compute.
    ///   - pairs: the number of view pairs.
    ///   - maximumBad: the share of skipped images, 0...1, above which it throws.
    ///   - benchSeconds: the seconds of measuring how fast views are made; 0 for none.
    ///   - progress: called with the name of each step.
    /// - Throws: the errors of `RunEmbeddings`, `FeatureExtractor` and `Bench`.
    public init(
        run path: String, use: WeightsUse? = nil, images source: any Source, machine: Machine, pairs: Int = 1024,
        maximumBad: Double = 0.01, benchSeconds: Double = 2, progress: (String) -> Void = { _ in }
    ) throws {
        progress("view pairs")
        var options = Evidence.Options()
        options.limit = pairs
        embedded = try RunEmbeddings(
            run: path, use: use, images: source, machine: machine, options: options, maximumBad: maximumBad)
        progress("diagnosis")
        diagnosis = try Diagnosis(embedded)
        progress("features")
        let file = try EncoderFile(path, use: use)
        try machine.prepare(file.encoder)
        pipeline = try ViewPipeline(file.experiment.views)
        seed = options.seed
        var stream = RandomStream(RandomKey(seed: seed, purpose: .reportedImages))
        images = Subset(source, indices: stream.permutation(source.count).prefix(600).sorted())
        features = try FeatureExtractor(pipeline: pipeline, machine: machine, maximumBad: maximumBad)
            .features(of: images, by: [file.encoder])
        progress("map")
        map = try EmbeddingMap(features.rows[0])
        progress("throughput")
        if benchSeconds > 0 {
            var bench = Bench()
            bench.seconds = benchSeconds
            bench.options.threads = machine.loaderThreads
            bench.options.badImages = .skip(maximum: maximumBad)
            self.bench = try bench.run(source, pipeline: pipeline)
        } else {
            bench = nil
        }
    }
}
