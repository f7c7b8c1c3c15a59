import Files
import Foundation
import Torch
import Views

/// View pairs made by a run's own pipeline and embedded by its encoder and head.
public struct RunEmbeddings {
    /// What the head makes of the pairs.
    public let pairs: PairedEmbeddings
    /// How to measure them: the run's temperature and batch.
    public let options: Evidence.Options
    /// What else the run says.
    public var run: RunEvidence
    /// The run's configuration.
    public let experiment: Experiment
    /// The images that were looked at, and of each pair its place among them: views are drawn again from both.
    public let source: Subset
    /// See `source`.
    public let samples: [Int]
    /// What the user should know of the choice of the weights.
    public let notes: [String]

    /// Embeds.
    /// - Parameters:
    ///   - path: a run folder.
    ///   - images: what the run learnt from.
    ///   - machine: where to compute.
    ///   - options: of the measurements that follow: pairs at most, seed, and a temperature that replaces the run's.
    ///   - maximumBad: the share of unusable images above which it stops.
    ///   - progress: told the images done so far.
    /// - Throws: `TrainingError`, `EmbeddingsError`, `LoaderError`, `TorchError`, `SafetensorsError`.
    public init(
        run path: String, images: any Source, machine: Machine, options: Evidence.Options, maximumBad: Double = 0.01,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        let file = try EncoderFile(path)
        let folder = file.folder ?? RunFolder(path)
        let experiment = file.experiment
        self.experiment = experiment
        notes = file.notes
        let encoder = file.encoder
        guard try ViewPipeline(experiment.views).viewCount >= 2 else {
            throw TrainingError(
                .unusable, "views.branches: \(path) makes one view of an image, and a diagnosis needs two")
        }
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, generator: Generator(seed: 0))
        try file.load(model) { folder in
            try RunEmbeddings.load(model.head, "the head that the loss saw", from: folder.head)
            if let critic = model.critic?.module {
                try RunEmbeddings.load(critic, "the critic that the loss scored by", from: folder.critic)
            }
        }
        try machine.prepare(encoder)
        try machine.prepare(model)
        let labels = (0..<images.count).map { images.label($0) ?? -1 }
        var run = RunEvidence(folder: folder, experiment: experiment, labels: labels)
        var stream = RandomStream(RandomKey(seed: options.seed, purpose: .diagnosedImages))
        // In order where the source reads from one end to the other.
        let chosen = stream.permutation(images.count).prefix(options.limit).sorted()
        source = Subset(images, indices: chosen)
        let pipeline = try ViewPipeline(experiment.views)
        let normalize = experiment.views.normalize
        var colours = ColourRetrieval(mean: normalize.mean, deviation: normalize.std)
        var layouts = PositionRetrieval(mean: normalize.mean, deviation: normalize.std)
        var parts = (
            first: [Tensor](), second: [Tensor](), features: [Tensor](), labels: [Int](), samples: [Int]()
        )
        var loading = LoaderOptions()
        loading.threads = machine.loaderThreads
        loading.badImages = .skip(maximum: maximumBad)
        let loader = try Loader(
            source, pipeline: pipeline,
            sampler: Sampler(count: chosen.count, batch: min(256, chosen.count), seed: nil, dropLast: false),
            seed: options.seed, epochs: 0..<1, options: loading)
        defer { loader.stop() }
        while let batch = try loader.next() {
            try withoutGradients {
                var views: [(features: Tensor, embedding: Tensor)] = []
                var pixels: [(memory: UnsafeBufferPointer<Float>, size: Size)] = []
                for (index, branch) in batch.branches.enumerated() where views.count < 2 {
                    let features = try encoder(machine.tensor(batch, branch: index), training: false)
                    let embeddings = try model.head(features, training: false)
                    let memory = batch.views(branch: index)
                    let length = memory.count / branch.count
                    for view in 0..<min(branch.count, 2 - views.count) {
                        func rows(_ all: Tensor) throws -> Tensor {
                            try all.narrow(dim: 0, start: view * batch.count, length: batch.count)
                        }
                        views.append((try rows(features), try rows(embeddings)))
                        pixels.append(
                            (
                                UnsafeBufferPointer(rebasing: memory[view * length..<(view + 1) * length]),
                                branch.size
                            ))
                    }
                }
                let rows = try model.compared(views[0].embedding, views[1].embedding)
                parts.first.append(try rows.first.to(.float32).to(device: .cpu))
                parts.second.append(try rows.second.to(.float32).to(device: .cpu))
                parts.features.append(try views[0].features.to(.float32).to(device: .cpu))
                colours.add(
                    first: pixels[0].memory, area: pixels[0].size.area, second: pixels[1].memory,
                    area: pixels[1].size.area, count: batch.count)
                layouts.add(
                    first: pixels[0].memory, size: pixels[0].size, second: pixels[1].memory, size: pixels[1].size,
                    count: batch.count)
            }
            parts.labels += batch.labels
            parts.samples += batch.samples
            progress(parts.labels.count, chosen.count)
        }
        guard !parts.labels.isEmpty else { throw LoaderError.empty("no image can be used") }
        samples = parts.samples
        let first = try Tensor.cat(parts.first, dim: 0)
        pairs = try PairedEmbeddings(
            first: first.toArray(), second: Tensor.cat(parts.second, dim: 0).toArray(), dimension: first.shape[1],
            labels: parts.labels, names: ("\(path): first view", "\(path): second view", "\(path): labels"))
        let hits = try colours.hits()
        // Fewer candidates are easier to tell apart.
        if hits.count == 256 {
            let bootstrap = try Bootstrap(count: hits.count, seed: options.seed)
            run.colourRetrieval = try bootstrap.mean(hits)
            run.positionRetrieval = try bootstrap.mean(layouts.hits())
        }
        let features = try Tensor.cat(parts.features, dim: 0).to(.float64).normalizedRows()
        let spectrum = try Spectrum(features)
        run.encoderRank = spectrum.effectiveRank
        run.encoderRankMe = spectrum.rankMe
        self.run = run
        var options = options
        // The temperature of a captioned method divides scores of images with texts, not of views.
        if options.temperature == nil, !(experiment.method.component is any CaptionedMethod) {
            options.temperature = model.temperature(at: RunEvidence.progress(of: folder, experiment))
        }
        options.candidates = min(experiment.training.batchSize, images.count)
        self.options = options
    }

    private static func load(_ module: any Module, _ name: String, from path: String) throws {
        guard StoredFile.exists(path) else {
            throw TrainingError(.unusable, "\(path): is not there; a diagnosis needs \(name)")
        }
        let weights = try Safetensors(contentsOf: path)
        do {
            try module.load(stateDict: weights.tensors)
        } catch {
            throw TrainingError(.unusable, "\(path): does not fit the run's configuration: \(error)")
        }
    }
}
