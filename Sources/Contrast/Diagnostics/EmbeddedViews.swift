import Torch
import Views

/// Two views of each of some images: their embeddings, the encoder's features of the first, and how well pixels alone
/// match them.
struct EmbeddedViews {
    private(set) var labels: [Int] = []
    /// The images' indices in the source.
    private(set) var samples: [Int] = []
    private var first: [Tensor] = []
    private var second: [Tensor] = []
    private var features: [Tensor] = []
    /// The second views' distributions over the prototypes; empty without prototypes.
    private(set) var assignments = PrototypeAssignments()
    private var colours: ColourRetrieval
    private var layouts: PositionRetrieval

    /// A view of the images of a batch.
    private struct View {
        var features: Tensor
        var embedding: Tensor
        /// `[N, 3, H, W]`.
        var pixels: UnsafeBufferPointer<Float>
        var size: Size
    }

    /// Makes the views of all images of a source by a run's pipeline, and embeds them.
    /// - Parameters:
    ///   - seed: of the views.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    ///   - progress: is told the number of images so far.
    /// - Throws: `LoaderError`, `TorchError`.
    init(
        of source: any Source, by run: TrainedModel, _ machine: Machine, seed: UInt64, maximumBad: Double,
        progress: (Int) -> Void
    ) throws {
        let normalize = run.file.experiment.views.normalize
        colours = ColourRetrieval(mean: normalize.mean, std: normalize.std)
        layouts = PositionRetrieval(mean: normalize.mean, std: normalize.std)
        var options = LoaderOptions()
        options.threads = machine.loaderThreads
        options.badImages = .skip(maximum: maximumBad)
        let loader = try Loader(
            source, pipeline: run.pipeline,
            sampler: Sampler(count: source.count, batch: min(256, source.count), seed: nil, dropLast: false),
            seed: seed, epochs: 0..<1, options: options)
        defer { loader.stop() }
        while let batch = try loader.next() {
            try withoutGradients { try add(batch, run, machine) }
            progress(labels.count)
        }
        guard !labels.isEmpty else { throw LoaderError.empty("no image can be used") }
    }

    private mutating func add(_ batch: ViewBatch, _ run: TrainedModel, _ machine: Machine) throws {
        var views: [View] = []
        for (index, branch) in batch.branches.enumerated() where views.count < 2 {
            let features = try run.file.encoder(machine.tensor(batch, branch: index), training: false)
            let embeddings = try run.model.head(features, training: false)
            let memory = batch.views(branch: index)
            let length = memory.count / branch.count
            for view in 0..<min(branch.count, 2 - views.count) {
                let start = view * batch.count
                views.append(
                    View(
                        features: try features.narrow(dim: 0, start: start, length: batch.count),
                        embedding: try embeddings.narrow(dim: 0, start: start, length: batch.count),
                        pixels: UnsafeBufferPointer(rebasing: memory[view * length..<(view + 1) * length]),
                        size: branch.size))
            }
        }
        if let shares = try run.assignments(of: views[1].embedding) { try assignments.add(shares) }
        let rows = try run.model.factors(of: views[0].embedding, and: views[1].embedding)
        first.append(try rows.first.to(.float32).to(device: .cpu))
        second.append(try rows.second.to(.float32).to(device: .cpu))
        features.append(try views[0].features.to(.float32).to(device: .cpu))
        colours.add(
            first: views[0].pixels, area: views[0].size.area, second: views[1].pixels, area: views[1].size.area,
            count: batch.count)
        layouts.add(
            first: views[0].pixels, size: views[0].size, second: views[1].pixels, size: views[1].size,
            count: batch.count)
        labels += batch.labels
        samples += batch.samples
    }

    /// The embeddings of both views.
    /// - Parameter name: of the run, for errors.
    func pairs(named name: String) throws -> PairedEmbeddings {
        let (first, second) = (try Tensor.cat(first, dim: 0), try Tensor.cat(second, dim: 0))
        return try PairedEmbeddings(
            first: first.toArray(), second: second.toArray(), dimension: first.shape[1], labels: labels,
            names: ("\(name): first view", "\(name): second view", "\(name): labels"))
    }

    /// Adds what the pixels and the encoder's features show.
    func measure(into run: inout RunEvidence, seed: UInt64) throws {
        let hits = try colours.hits()
        // Fewer candidates are easier to tell apart.
        if hits.count == 256 {
            let bootstrap = try Bootstrap(count: hits.count, seed: seed)
            run.colourRetrieval = try bootstrap.mean(hits)
            run.positionRetrieval = try bootstrap.mean(layouts.hits())
        }
        let spectrum = try Spectrum(Tensor.cat(features, dim: 0).to(.float64).normalizedRows())
        run.encoderRank = spectrum.effectiveRank
        run.encoderRankMe = spectrum.rankMe
    }
}
