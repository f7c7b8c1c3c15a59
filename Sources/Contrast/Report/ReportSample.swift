import Foundation
import Torch
import Views

/// What a run's encoder makes of a sample of images, for the parts of a report that show pictures.
public struct ReportSample {
    /// View pairs and what is wrong with them.
    public let embedded: RunEmbeddings
    let diagnosis: Diagnosis
    /// Frozen features of at most 600 images by the evaluation branch.
    let features: Features
    let images: Subset
    let map: EmbeddingMap
    let pipeline: ViewPipeline
    let seed: UInt64
    /// Where the time of making views goes; nil where it was not measured.
    let bench: BenchReport?

    /// Embeds, measures and maps.
    /// - Parameters:
    ///   - path: a run folder.
    ///   - source: what the run learnt from, or others like it.
    ///   - machine: where to compute.
    ///   - pairs: view pairs that are embedded.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    ///   - benchSeconds: how long the making of views is measured; 0 for not at all.
    ///   - progress: told what is being done.
    /// - Throws: what `RunEmbeddings`, `FeatureExtractor` and `Bench` throw.
    public init(
        run path: String, images source: any Source, machine: Machine, pairs: Int = 1024, maximumBad: Double = 0.01,
        benchSeconds: Double = 2, progress: (String) -> Void = { _ in }
    ) throws {
        progress("view pairs")
        var options = Evidence.Options()
        options.limit = pairs
        embedded = try RunEmbeddings(
            run: path, images: source, machine: machine, options: options, maximumBad: maximumBad)
        progress("diagnosis")
        diagnosis = try Diagnosis(embedded)
        progress("features")
        let file = try EncoderFile(path)
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
