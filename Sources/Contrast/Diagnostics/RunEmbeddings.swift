import Views

/// View pairs of a run's own pipeline, embedded by its encoder and head.
public struct RunEmbeddings {
    /// The embeddings of the pairs.
    public let pairs: PairedEmbeddings
    /// How to measure them, with the run's temperature and batch size.
    public let options: Evidence.Options
    /// What the run's folder and images tell.
    public var run: RunEvidence
    /// How second views are spread over the prototypes; nil without prototypes.
    public let prototypes: PrototypeUse?
    /// The run's configuration.
    public let experiment: Experiment
    /// The images that were embedded. Views are drawn again from them and from `samples`.
    public let source: Subset
    /// The index in `source` of each pair's image.
    public let samples: [Int]
    /// Notes for the user about the choice of the weights.
    public let notes: [String]

    /// Embeds view pairs.
    /// - Parameters:
    ///   - path: a run folder, or weights from elsewhere, whose features then stand for embeddings.
    ///   - use: what is to be known of weights from elsewhere.
    ///   - images: what the run was trained on.
    ///   - machine: where to compute.
    ///   - options: of the measurements that follow: pairs at most, seed, and a temperature that replaces the run's.
    ///   - maximumBad: the share of unusable images above which it stops.
    ///   - progress: is told the number of images so far, and of all.
    /// - Throws: `TrainingError`, `EmbeddingsError`, `LoaderError`, `TorchError`, `SafetensorsError`.
    public init(
        run path: String, use: WeightsUse? = nil, images: any Source, machine: Machine, options: Evidence.Options,
        maximumBad: Double = 0.01,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        let trained = try TrainedModel(path, use: use, machine: machine)
        experiment = trained.file.experiment
        notes = trained.file.notes + trained.notes
        var stream = RandomStream(RandomKey(seed: options.seed, purpose: .diagnosedImages))
        // In order, since a source may be read from one end to the other.
        let chosen = stream.permutation(images.count).prefix(options.limit).sorted()
        source = Subset(images, indices: chosen)
        let views = try EmbeddedViews(of: source, by: trained, machine, seed: options.seed, maximumBad: maximumBad) {
            progress($0, chosen.count)
        }
        samples = views.samples
        pairs = try views.pairs(named: path)
        prototypes = views.assignments.use
        let labels = (0..<images.count).map { images.label($0) ?? -1 }
        run = RunEvidence(folder: trained.folder, experiment: experiment, labels: labels)
        try views.measure(into: &run, seed: options.seed)
        self.options = options.completed(by: trained, images: images.count)
    }
}

extension Evidence.Options {
    /// These options with the run's temperature and candidates.
    fileprivate func completed(by run: TrainedModel, images: Int) -> Evidence.Options {
        var options = self
        let experiment = run.file.experiment
        // The temperature of a captioned method divides scores of images with texts, not of views.
        if temperature == nil, !(experiment.method.component is any CaptionedMethod) {
            options.temperature = run.model.temperature(at: RunEvidence.progress(of: run.folder, experiment))
        }
        options.prevention = run.file.isFree ? nil : experiment.method.component.prevention
        options.candidates = min(experiment.training.batchSize, images)
        return options
    }
}
