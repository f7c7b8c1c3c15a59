import Files
import Foundation
import Torch
import Views

/// Zero-shot classification: an image belongs to the class whose prompts are closest to it (Radford et al. 2021, arXiv
/// 2103.00020, section 3.1).
public struct ZeroShot {
    private let run: CLIPRun
    private let templates: [String]

    /// Scores a run.
    /// - Parameters:
    ///   - run: the towers.
    ///   - templates: prompts with `{}` for the name of a class; the mean embedding of several counts.
    /// - Throws: `InvalidSetting` if a template has no `{}`, or there are none.
    public init(_ run: CLIPRun, templates: [String]) throws(InvalidSetting) {
        guard !templates.isEmpty else { throw InvalidSetting("--template", "must be given at least once") }
        for template in templates where !template.contains("{}") {
            throw InvalidSetting(
                "--template", "must have {} for the name of the class, is \(template.debugDescription)")
        }
        self.run = run
        self.templates = templates
    }

    /// The prompts of a class, with spaces in place of the name's underscores.
    func prompts(_ name: String) -> [String] {
        let text = name.replacing("_", with: " ")
        return templates.map { $0.replacing("{}", with: text) }
    }

    /// Names of classes with the same prompts as another class, which cannot be distinguished.
    private func alike(_ classes: [String]) -> [String] {
        let keys = classes.map { Array(prompts($0).joined(separator: "\n").utf8) }
        var counts: [[UInt8]: Int] = [:]
        for key in keys { counts[key, default: 0] += 1 }
        var seen = Set<[UInt8]>()
        return zip(classes, keys).filter { counts[$1, default: 0] > 1 && seen.insert($1).inserted }.map(\.0)
    }

    /// Scores the images of a source.
    /// - Parameters:
    ///   - source: the images.
    ///   - split: the images' name in the report.
    ///   - maximumBad: the share of skipped images, 0...1, above which it throws.
    ///   - progress: called with the number of images done and of all.
    /// - Throws: `TrainingError` with fewer than two classes or no labelled images; `LoaderError`, `TorchError`.
    public func report(
        on source: any Source, split: String, maximumBad: Double = 0.01, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> ZeroShotReport {
        let classes = source.classes
        guard classes.count > 1 else {
            throw TrainingError(
                .data, "classification needs at least two class folders, and there are \(classes.count)")
        }
        let labelled = Subset(source, indices: (0..<source.count).filter { source.label($0) != nil })
        var leftOut = LeftOut()
        leftOut.testUnknown = source.listing.unknownClasses.map { .init(name: $0.name, images: $0.images) }
        let listed = source.listing.unknownClasses.reduce(0) { $0 + ($1.isListed ? $1.images : 0) }
        leftOut.testUnlabelled = max(0, source.count - labelled.count - listed)
        guard labelled.count > 0 else {
            throw TrainingError(
                .data, "there are no labelled images to test with: \(leftOut.summary ?? "there are no images")")
        }
        let before = try run.file.hash()
        let prompts = try run.texts(classes.flatMap { self.prompts($0) })
        let size = prompts.embeddings.shape[1]
        let names = try prompts.embeddings.reshape([classes.count, templates.count, size]).mean(dim: 1).normalizedRows()
        let images = try run.images(of: labelled, maximumBad: maximumBad) { progress($0, labelled.count) }
        let count = min(5, classes.count)
        let best: [Int64] = try images.embeddings.matmul(names.transpose(0, 1)).topk(count, dim: 1).indices.toArray()
        let ranked = stride(from: 0, to: best.count, by: count).map { best[$0..<$0 + count].map { Int($0) } }
        var scores = Scores(ranked: ranked, labels: images.labels, classes: classes.count)
        if classes.count > Confusion.reportedClasses { scores.confusion = nil }
        var counts = [Int](repeating: 0, count: classes.count)
        for label in images.labels { counts[label] += 1 }
        return ZeroShotReport(
            encoder: .init(path: run.file.path, architecture: run.file.experiment.encoder.name, sha256: before),
            classes: classes, templates: templates, images: images.labels.count, skipped: images.skipped.count,
            leftOut: leftOut, alike: alike(classes), truncated: prompts.truncated, split: split, scores: scores,
            chance: 1 / Double(classes.count),
            majority: Double(counts.max() ?? 0) / Double(max(images.labels.count, 1)))
    }
}

/// The scores of zero-shot classification and its prompts; `diptych probe --zero-shot` writes it.
public struct ZeroShotReport: Codable, Equatable, Sendable {
    /// The encoder that was scored.
    public var encoder: RetrievalReport.Subject
    /// The classes in the order of the labels.
    public var classes: [String]
    /// The prompts, with `{}` for the name of a class.
    public var templates: [String]
    /// The number of test images.
    public var images: Int
    /// The number of unreadable images.
    public var skipped: Int
    /// Images without a label, and other images and classes without a score.
    public var leftOut: LeftOut
    /// Names of classes with the same prompts as another class, which cannot be distinguished.
    public var alike: [String]
    /// The number of prompts that were cut at the context.
    public var truncated: Int
    /// The name of these images.
    public var split: String
    /// The accuracies.
    public var scores: Scores
    /// The accuracy of guessing, 1 / classes.
    public var chance: Double
    /// The accuracy of always naming the largest class.
    public var majority: Double

    /// The report as one JSON object, keys in snake_case.
    public func json() throws -> Data { try JSON.document(self) }
}
