import Views

/// The weighted kNN on held-out images while a run goes on.
struct HeldOutScore {
    private let heldOut: any Source
    private let bank: Subset
    private let extractor: FeatureExtractor
    private let every: Int
    private let epochs: Int

    /// Nil where there is nothing to score, or no pass is to be scored.
    /// - Parameter images: what the run learns from; at most `evaluation.knn_images` of them are the bank.
    init?(
        _ experiment: Experiment, images: any Source, heldOut: (any Source)?, extractor: FeatureExtractor
    ) {
        let evaluation = experiment.evaluation
        guard let heldOut, heldOut.count > 0, images.classes.count > 1, evaluation.knnEvery > 0 else { return nil }
        self.heldOut = heldOut
        self.extractor = extractor
        let stride = max(1, (images.count + evaluation.knnImages - 1) / evaluation.knnImages)
        bank = Subset(images, indices: Array(Swift.stride(from: 0, to: images.count, by: stride)))
        every = evaluation.knnEvery
        epochs = experiment.training.epochs
    }

    /// The share of held-out images that are right; nil after passes that are not scored.
    /// - Parameter stop: asked now and then whether to give up.
    /// - Throws: `EvaluationStopped` where `stop` said so; `LoaderError`, `TorchError`.
    func top1(of encoder: any Encoder, after epoch: Int, stop: () -> Bool = { false }) throws -> Double? {
        guard epoch % every == 0 || epoch == epochs else { return nil }
        let known = try extractor.features(of: bank, by: [encoder], on: extractor.device, stop: stop)
        let asked = try extractor.features(of: heldOut, by: [encoder], on: extractor.device, stop: stop)
        let defaults = NearestNeighbours.defaults(bank: known.labels.count)
        let classes = bank.classes.count
        let classifier = try NearestNeighbours(
            features: known.rows[0], labels: known.labels, classes: classes,
            neighbours: defaults.neighbours, temperature: defaults.temperature)
        let ranked = try classifier.ranking(asked.rows[0], stop: stop)
        return Scores(ranked: ranked, labels: asked.labels, classes: classes).top1
    }
}
