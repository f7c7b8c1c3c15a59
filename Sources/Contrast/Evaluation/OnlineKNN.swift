import Views

/// Weighted kNN and a linear probe on held-out images during training, with frozen features.
struct OnlineKNN {
    private let test: any Source
    private let bank: Subset
    private let extractor: FeatureExtractor
    private let settings: EvaluationConfiguration
    private let epochs: Int

    /// Prepares the score and a note for the user; no score if nothing can be scored or the configuration turns it off.
    /// - Parameter images: the training images; at most `evaluation.knn_images` of them are the bank.
    static func prepare(
        _ experiment: Experiment, images: any Source, heldOut: (any Source)?, extractor: FeatureExtractor
    ) -> (score: OnlineKNN?, note: String?) {
        let evaluation = experiment.evaluation
        guard let heldOut, heldOut.count > 0, !images.classes.isEmpty,
            evaluation.knnEvery > 0 || evaluation.probeEvery > 0
        else {
            return (nil, nil)
        }
        let test: any Source =
            ClassNames.areEqual(heldOut.classes, images.classes)
            ? heldOut : Relabelled(heldOut, classes: images.classes)
        let all = Scorable(train: images, test: test)
        if let obstacle = all.obstacle("kNN during training") {
            return (nil, "\(obstacle); the run continues without it")
        }
        let stride = max(1, (all.train.count + evaluation.knnImages - 1) / evaluation.knnImages)
        let bank = Swift.stride(from: 0, to: all.train.count, by: stride).map { all.train[$0] }
        let banked = Scorable(
            train: bank.map { images.label($0) ?? -1 }, test: all.testLabels, names: images.classes)
        var notes = all.leftOut.summary.map { [$0] } ?? []
        if banked.test.count < all.test.count {
            notes.append(
                "\(LeftOut.count(all.test.count - banked.test.count, "test image")) of classes that its bank of "
                    + "\(bank.count) training images lacks (evaluation.knn_images)")
        }
        guard banked.obstacle("") == nil else {
            return (
                nil, "kNN during training is skipped: its bank of \(bank.count) images has no class of a test image"
            )
        }
        let score = OnlineKNN(
            test: banked.test.count == test.count
                ? test : Subset(test, indices: banked.test.map { all.test[$0] }),
            bank: Subset(images, indices: bank), extractor: extractor, settings: evaluation,
            epochs: experiment.training.epochs)
        return (score, notes.isEmpty ? nil : "kNN during training skips \(notes.joined(separator: ", "))")
    }

    /// The scores after an epoch; none for epochs that are not scored, and if no readable image can be scored.
    /// - Parameter stop: called from time to time; true stops.
    /// - Throws: `EvaluationStopped` if `stop` returned true; `LoaderError`, `TorchError`.
    func scores(of setup: TrainingSetup, after epoch: Int, stop: () -> Bool = { false }) throws -> OnlineScores {
        try scores(
            of: [setup.model.encoder] + (setup.average.map { [$0.encoder] } ?? []), after: epoch, stop: stop)
    }

    /// - Parameter encoders: the encoder, then its average if there is one.
    func scores(
        of encoders: [any Encoder], after epoch: Int, stop: () -> Bool = { false }
    ) throws -> OnlineScores {
        func isDue(_ every: Int) -> Bool { every > 0 && (epoch % every == 0 || epoch == epochs) }
        let (neighbours, probes) = (isDue(settings.knnEvery), isDue(settings.probeEvery))
        guard neighbours || probes else { return OnlineScores() }
        let train = try extractor.features(of: bank, by: encoders, on: extractor.device, stop: stop)
        let test = try extractor.features(of: test, by: encoders, on: extractor.device, stop: stop)
        let scorable = Scorable(train: train.labels, test: test.labels, names: bank.classes)
        guard scorable.obstacle("") == nil else { return OnlineScores() }
        func top1(_ ranked: [[Int]]) -> Double {
            Scores(
                ranked: ranked.map { $0.map { scorable.classes[$0] } }, labels: scorable.testLabels,
                classes: bank.classes.count
            ).top1
        }
        var scores = OnlineScores()
        if neighbours {
            let defaults = NearestNeighbours.defaults(bank: scorable.train.count)
            let found = try encoders.indices.map { index in
                let classifier = try NearestNeighbours(
                    features: train.rows(index, scorable.train), labels: scorable.trainLabels,
                    classes: scorable.classes.count, neighbours: defaults.neighbours, temperature: defaults.temperature)
                return top1(try classifier.ranking(test.rows(index, scorable.test), stop: stop))
            }
            scores.knn = found[0]
            scores.averageKNN = found.count > 1 ? found[1] : nil
        }
        if probes, scorable.classes.count > 1 {
            let probe = try LinearProbe(
                features: train.rows(0, scorable.train), labels: scorable.trainLabels, classes: scorable.classes.count,
                cost: settings.cost)
            scores.probe = top1(try probe.ranking(test.rows(0, scorable.test)))
        }
        return scores
    }
}
