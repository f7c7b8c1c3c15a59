import Torch
import Views

/// The classes that a classifier predicts for images, as a table.
public struct Predictions {
    /// `path,class,probability`, and for each further class `class_2,probability_2` and so on; a row for each image.
    public let table: String
    /// The number of rows.
    public let count: Int
    /// The images that could not be read.
    public let skipped: [QuarantineRecord]

    /// Classifies images.
    /// - Parameters:
    ///   - source: the images; labels are ignored.
    ///   - file: the classifier.
    ///   - best: the number of classes in a row, at most all.
    ///   - machine: where to compute.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    ///   - progress: called with the completed share, 0...1.
    /// - Throws: `TrainingError`, `LoaderError`, `TorchError`.
    public init(
        of source: any Source, by file: ClassifierFile, best: Int, machine: Machine, maximumBad: Double,
        progress: (Double) -> Void = { _ in }
    ) throws {
        try machine.prepare(file.classifier)
        let extractor = FeatureExtractor(
            pipeline: try ViewPipeline(file.experiment.views), machine: machine, maximumBad: maximumBad)
        let found = try extractor.features(of: source, by: [file.classifier]) { done in
            progress(Double(done) / Double(source.count))
        }
        try found.requireFinite(file.path)
        let best = min(best, file.classes.count)
        var text = "path,class,probability"
        if best > 1 { for place in 2...best { text += ",class_\(place),probability_\(place)" } }
        text += "\n"
        for (sample, row) in zip(found.samples, try Ranking(found.rows[0], best: best).rows) {
            text += TableWriter.quoted(source.name(sample))
            for (label, probability) in row { text += ",\(TableWriter.quoted(file.classes[label])),\(probability)" }
            text += "\n"
        }
        (table, count, skipped) = (text, found.samples.count, found.skipped)
    }
}
