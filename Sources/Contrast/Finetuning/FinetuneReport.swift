import Foundation
import Torch
import Views

/// The scores of a classifier on test images; what finetune.json holds.
public struct FinetuneReport: Codable, Equatable, Sendable {
    /// The classifier's file.
    public var path: String
    /// SHA-256 of the file.
    public var sha256: String
    /// The network's name in a pipeline file.
    public var architecture: String
    /// The weights that the encoder started from; nil for random ones.
    public var weights: String?
    /// The share of each class's labels that was learned from, 0...1.
    public var labels: Double
    /// The run's seed.
    public var seed: UInt64
    /// The epochs of the run.
    public var epochs: Int
    /// The classes in the order of the labels.
    public var classes: [String]
    /// The number of images that were learned from.
    public var trainImages: Int
    /// The number of images that are scored.
    public var testImages: Int
    /// The number of test images that could not be read.
    public var skipped: Int
    /// Images and classes that no score speaks of.
    public var leftOut: LeftOut
    /// How training and test images were told apart, in words.
    public var split: String
    /// The accuracy of always predicting the class with the most training images.
    public var majority: Double
    /// The share of test images whose best class is right, with Wilson's 95% interval.
    public var top1: Measured
    /// The share of test images whose class is among the best five; nil with fewer than six classes.
    public var top5: Double?
    /// The mean accuracy of the classes.
    public var balanced: Double
    /// The mean of `-log p[y]` in nats.
    public var logLoss: Double
    /// Each class in the order of the labels.
    public var perClass: [ProbeReport.ClassScore]
    /// Which classes were taken for which; nil with more than `Confusion.reportedClasses` classes.
    public var confusion: Confusion?

    /// Scores a classifier on the test images.
    /// - Parameters:
    ///   - file: the classifier.
    ///   - images: of its run.
    ///   - machine: where to compute.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    ///   - progress: is told the share done, 0...1.
    /// - Throws: `TrainingError` where no readable image can be scored; `LoaderError`, `TorchError`.
    public init(
        _ file: ClassifierFile, on images: FinetuneImages, machine: Machine, maximumBad: Double,
        progress: (Double) -> Void = { _ in }
    ) throws {
        let experiment = file.experiment
        let listed = Scorable(train: images.train, test: images.test)
        let test = Subset(images.test, indices: listed.test)
        try machine.prepare(file.classifier)
        let extractor = FeatureExtractor(
            pipeline: try ViewPipeline(experiment.views), machine: machine, maximumBad: maximumBad)
        let found = try extractor.features(of: test, by: [file.classifier]) { done in
            progress(Double(done) / Double(test.count))
        }
        try found.requireFinite(file.path)
        let count = file.classes.count
        let ranked = try Ranking(found.rows[0], best: min(5, count)).rows.map { $0.map(\.label) }
        let scores = Scores(ranked: ranked, labels: found.labels, classes: count)
        let index = try Tensor(found.labels.map(Int64.init), shape: [found.labels.count, 1])
        (path, sha256) = (file.path, try EncoderFile.hash(file.path))
        architecture = experiment.encoder.name
        weights = experiment.encoder.component.weights
        labels = (experiment.method.component as? Supervised)?.labels ?? 1
        (seed, epochs) = (experiment.training.seed, experiment.training.epochs)
        classes = file.classes
        trainImages = try images.learned(by: experiment)
        (testImages, skipped) = (found.labels.count, found.skipped.count)
        (leftOut, split, majority) = (listed.leftOut, images.split, listed.majority)
        let hits = zip(ranked, found.labels).count { $0.first == $1 }
        top1 = Measured(hits, of: found.labels.count)
        (top5, balanced) = (scores.top5, scores.balanced)
        logLoss = try -found.rows[0].gather(dim: 1, index: index).clamp(min: 1e-12).log().mean().item()
        perClass = file.classes.indices.map { label in
            .init(
                index: label, name: file.classes[label], accuracy: scores.perClass[label],
                images: found.labels.count { $0 == label })
        }
        confusion = count <= Confusion.reportedClasses ? scores.confusion : nil
    }
}
