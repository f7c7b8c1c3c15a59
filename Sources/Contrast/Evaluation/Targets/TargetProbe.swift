import Torch
import Views

/// Scores a frozen encoder on sets of labels, by a logistic regression for each class, or on numbers, by ridge
/// regression.
public struct TargetProbe: Codable, Equatable, Sendable {
    /// The kind of targets.
    public let targets: SourceTargets
    /// The encoder that was scored.
    public let encoder: ProbeReport.Subject
    /// How the images were split: the rule and its seed.
    public let split: String
    /// How the scores were computed, in words.
    public let `protocol`: String
    /// The number of training images.
    public let trainImages: Int
    /// The number of test images.
    public let testImages: Int
    /// The number of images that could not be used, or have no value.
    public let skipped: Int
    /// Scores of sets of labels.
    public var labelSets: MultiLabelScores?
    /// Scores of numbers.
    public var values: RegressionScores?

    /// Embeds both parts, fits on the training images and scores on the test images.
    /// - Parameters:
    ///   - file: the encoder's file, which must not change meanwhile.
    ///   - train: images whose `targets` are sets of labels or numbers.
    ///   - test: the test images, of the same classes.
    ///   - split: the description of the split.
    ///   - cost: C of the logistic regressions; the ridge's penalty is 1 / C.
    ///   - machine: where to compute.
    ///   - maximumBad: the share of skipped images, 0...1, above which it throws.
    ///   - progress: called with the current stage and its completed share, 0...1, if known.
    /// - Throws: `TrainingError` if nothing can be scored, or if the file changed; `LoaderError`, `TorchError`.
    public init(
        _ file: EncoderFile, train: any Source, test: any Source, split: String, cost: Double, machine: Machine,
        maximumBad: Double, progress: (String, Double?) -> Void = { _, _ in }
    ) throws {
        let targets = train.targets
        let before = try file.hash()
        try machine.prepare(file.encoder)
        let extractor = FeatureExtractor(
            pipeline: try ViewPipeline(file.experiment.views), machine: machine, maximumBad: maximumBad)
        func known(_ source: any Source) throws -> (source: any Source, features: Features) {
            // A row without labels has an empty set; a row without a number is skipped.
            let kept = (0..<source.count).filter { targets == .labelSets || source.fields($0).value != nil }
            let part = Subset(source, indices: kept)
            guard part.count > 1 else {
                let what = targets == .labelSets ? "images" : "images with a value"
                throw TrainingError(.data, "a probe needs at least two \(what) for training and two for testing")
            }
            let features = try extractor.features(of: part, by: [file.encoder], on: machine.device) {
                progress("features", Double($0) / Double(part.count))
            }
            try features.requireFinite(file.path)
            return (part, features)
        }
        let test: any Source =
            ClassNames.areEqual(test.classes, train.classes) ? test : Relabelled(test, classes: train.classes)
        let (learnt, judged) = (try known(train), try known(test))
        let (rows, queries) = (learnt.features.rows[0], judged.features.rows[0])
        progress("probe", nil)
        if targets == .labelSets {
            func sets(_ part: (source: any Source, features: Features)) -> [[Int]] {
                part.features.samples.map(part.source.labels)
            }
            let classes = train.classes
            let probes = try OneVersusRest(
                features: rows, labels: sets(learnt), classes: classes.count, cost: cost
            ) { progress("class \($0) of \(classes.count)", Double($0) / Double(classes.count)) }
            labelSets = MultiLabelScores(
                scores: try probes.scores(queries), labels: sets(judged), names: ClassNames.shown(classes))
        } else {
            func values(_ part: (source: any Source, features: Features)) -> [Double] {
                part.features.samples.map { part.source.fields($0).value ?? 0 }
            }
            let ridge = try RidgeRegression(features: rows, values: values(learnt), penalty: 1 / cost)
            self.values = RegressionScores(found: try ridge.values(queries), wanted: values(judged))
        }
        let after = try file.hash()
        guard before == after else {
            throw TrainingError(.failed, "\(file.path): changed while it was scored; run the probe again")
        }
        self.targets = targets
        self.split = split
        encoder = .init(
            path: file.path, architecture: file.experiment.encoder.name, dimension: file.encoder.dimension,
            sha256Before: before, sha256After: after)
        `protocol` =
            "frozen encoder, features standardised by the training rows; "
            + (targets == .labelSets
                ? "a logistic regression for each class against the others, C = \(cost)"
                : "ridge regression in closed form, penalty 1 / C, C = \(cost)")
        (trainImages, testImages) = (rows.shape[0], queries.shape[0])
        skipped = train.count + test.count - rows.shape[0] - queries.shape[0]
    }
}
