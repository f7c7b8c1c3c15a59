import Views

/// The weighted kNN on held-out images while a run goes on.
struct HeldOutScore {
    private let heldOut: any Source
    private let bank: Subset
    private let extractor: FeatureExtractor
    private let every: Int
    private let epochs: Int

    /// Prepares the score, with what is to be said of it when the run begins; nil where there is nothing to score, or no pass is to
    /// be scored.
    /// - Parameter images: what the run learns from; at most `evaluation.knn_images` of them are the bank.
    static func prepare(
        _ experiment: Experiment, images: any Source, heldOut: (any Source)?, extractor: FeatureExtractor
    ) -> (score: HeldOutScore?, note: String?) {
        let evaluation = experiment.evaluation
        guard let heldOut, heldOut.count > 0, !images.classes.isEmpty, evaluation.knnEvery > 0 else {
            return (nil, nil)
        }
        let asked: any Source =
            ClassNames.areEqual(heldOut.classes, images.classes)
            ? heldOut : Relabelled(heldOut, classes: images.classes)
        let all = Scorable(train: images, test: asked)
        if let obstacle = all.obstacle("kNN on the way") { return (nil, "\(obstacle); the run goes on without") }
        let stride = max(1, (all.train.count + evaluation.knnImages - 1) / evaluation.knnImages)
        let bank = Swift.stride(from: 0, to: all.train.count, by: stride).map { all.train[$0] }
        let banked = Scorable(
            train: bank.map { images.label($0) ?? -1 }, test: all.testLabels, names: images.classes)
        var notes = all.leftOut.words.map { [$0] } ?? []
        if banked.test.count < all.test.count {
            notes.append(
                "\(LeftOut.count(all.test.count - banked.test.count, "test image")) of classes that its bank of "
                    + "\(bank.count) training images lacks (evaluation.knn_images)")
        }
        guard banked.obstacle("") == nil else {
            return (nil, "kNN on the way is skipped: no test image is of a class that its bank of \(bank.count) has")
        }
        let score = HeldOutScore(
            heldOut: banked.test.count == asked.count
                ? asked : Subset(asked, indices: banked.test.map { all.test[$0] }),
            bank: Subset(images, indices: bank), extractor: extractor, every: evaluation.knnEvery,
            epochs: experiment.training.epochs)
        return (score, notes.isEmpty ? nil : "kNN on the way leaves out \(notes.joined(separator: ", "))")
    }

    /// The share of held-out images that are right; nil after passes that are not scored, and where no image that could be scored
    /// can be used.
    /// - Parameter stop: asked now and then whether to give up.
    /// - Throws: `EvaluationStopped` where `stop` said so; `LoaderError`, `TorchError`.
    func top1(of encoder: any Encoder, after epoch: Int, stop: () -> Bool = { false }) throws -> Double? {
        guard epoch % every == 0 || epoch == epochs else { return nil }
        let known = try extractor.features(of: bank, by: [encoder], on: extractor.device, stop: stop)
        let asked = try extractor.features(of: heldOut, by: [encoder], on: extractor.device, stop: stop)
        let found = Scorable(train: known.labels, test: asked.labels, names: bank.classes)
        guard found.obstacle("") == nil else { return nil }
        let defaults = NearestNeighbours.defaults(bank: found.train.count)
        let classifier = try NearestNeighbours(
            features: known.rows(0, found.train), labels: found.trainLabels, classes: found.classes.count,
            neighbours: defaults.neighbours, temperature: defaults.temperature)
        let ranked = try classifier.ranking(asked.rows(0, found.test), stop: stop)
        return Scores(
            ranked: ranked.map { $0.map { found.classes[$0] } }, labels: found.testLabels, classes: bank.classes.count
        ).top1
    }
}
