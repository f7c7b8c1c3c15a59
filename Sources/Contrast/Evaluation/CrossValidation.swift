import Torch
import Views

/// Scores of a frozen encoder by cross-validation: a linear probe and a kNN are fitted on all other folds and tested on
/// each fold.
public struct CrossValidation: Codable, Equatable, Sendable {
    /// The accuracies of the folds.
    public struct Spread: Codable, Equatable, Sendable {
        /// Their mean, 0...1.
        public var mean: Double
        /// Their standard deviation, divided by K - 1.
        public var std: Double
        /// The top-1 accuracy of each fold.
        public var folds: [Double]

        /// Summarises the accuracies of at least two folds.
        init(_ folds: [Double]) {
            let mean = folds.reduce(0, +) / Double(folds.count)
            let squares = folds.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            (self.mean, self.folds) = (mean, folds)
            std = (squares / Double(max(1, folds.count - 1))).squareRoot()
        }
    }

    /// How the folds were made: the rule and its seed.
    public var rule: String
    /// The number of images that were tested.
    public var images: Int
    /// Top-1 of the linear probe.
    public var linearProbe: Spread
    /// Top-1 of the weighted kNN, with the probe's settings.
    public var knn: Spread

    /// Embeds the labelled images once and scores every fold.
    /// - Parameters:
    ///   - encoder: the encoder, on the machine.
    ///   - source: the images; those without a class are skipped.
    ///   - count: the number of folds.
    ///   - seed: the seed of the folds.
    ///   - cost: C of the logistic regression.
    ///   - options: the kNN's settings.
    ///   - extractor: computes the features.
    ///   - progress: called with the current stage and its completed share, 0...1, if known.
    /// - Throws: `DataError` if there are fewer groups than folds; `TrainingError` if a fold cannot be scored;
    ///   `LoaderError`, `TorchError`.
    public init(
        _ encoder: any Encoder, on source: any Source, count: Int, seed: UInt64, cost: Double,
        options: Probe.Options = Probe.Options(), extractor: FeatureExtractor,
        progress: (String, Double?) -> Void = { _, _ in }
    ) throws {
        let labelled = Subset(source, indices: (0..<source.count).filter { source.label($0) != nil })
        let folds = try Folds(labelled, count: count, seed: seed)
        let features = try extractor.features(of: labelled, by: [encoder], on: extractor.device) {
            progress("features", Double($0) / Double(max(1, labelled.count)))
        }
        var (linear, nearest): ([Double], [Double]) = ([], [])
        images = 0
        for fold in 0..<count {
            progress("fold \(fold + 1) of \(count)", nil)
            let places = features.samples.indices
            let learnt = places.filter { folds.parts[features.samples[$0]] != fold }
            let judged = places.filter { folds.parts[features.samples[$0]] == fold }
            let found = Scorable(
                train: learnt.map { features.labels[$0] }, test: judged.map { features.labels[$0] },
                names: source.classes)
            if let obstacle = found.obstacle("fold \(fold + 1)") { throw TrainingError(.data, obstacle) }
            let rows = try features.rows(0, found.train.map { learnt[$0] })
            let queries = try features.rows(0, found.test.map { judged[$0] })
            func top1(_ ranked: [[Int]]) -> Double {
                Scores(
                    ranked: ranked.map { $0.map { found.classes[$0] } }, labels: found.testLabels,
                    classes: source.classes.count
                ).top1
            }
            let probe = try LinearProbe(
                features: rows, labels: found.trainLabels, classes: found.classes.count, cost: cost)
            linear.append(top1(try probe.ranking(queries)))
            let bank = try options.bank(rows, found.trainLabels, classes: found.classes.count)
            nearest.append(top1(try bank.ranking(queries)))
            images += found.test.count
        }
        rule = folds.words
        (linearProbe, knn) = (Spread(linear), Spread(nearest))
    }
}
