import Files
import Foundation
import Torch
import Views

/// Image-to-text and text-to-image retrieval: Radford et al. 2021, arXiv 2103.00020, appendix E.
public struct Retrieval {
    private let run: CLIPRun

    /// Scores a run.
    public init(_ run: CLIPRun) { self.run = run }

    /// Scores the pairs of a source; images without a caption are skipped.
    ///
    /// Pairs whose captions have the same tokens are correct for each other.
    /// - Parameters:
    ///   - source: the images.
    ///   - split: the images' name in the report.
    ///   - maximumBad: the share of skipped images, 0...1, above which it throws.
    ///   - progress: called with the number of images done and of all.
    /// - Throws: `TrainingError` with fewer than two pairs; `LoaderError`, `TorchError`.
    public func report(
        on source: any Source, split: String, maximumBad: Double = 0.01, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> RetrievalReport {
        let captions = run.settings.captions(of: source)
        let present = captions.indices.filter { captions[$0] != nil }
        guard present.count >= 2 else {
            throw TrainingError(
                .data,
                "retrieval needs at least two images with captions, and \(present.count) of \(source.count) have one")
        }
        let before = try run.file.hash()
        let images = try run.images(of: Subset(source, indices: present), maximumBad: maximumBad) {
            progress($0, present.count)
        }
        let texts = images.samples.map { captions[present[$0]] ?? "" }
        let found = try run.texts(texts)
        let groups = Retrieval.groups(run.tokens(texts))
        return RetrievalReport(
            encoder: .init(path: run.file.path, architecture: run.file.experiment.encoder.name, sha256: before),
            pairs: texts.count, distinctCaptions: Set(groups).count, leftOut: source.count - present.count,
            skipped: images.skipped.count, truncated: found.truncated, split: split,
            imageToText: Recall(
                ranks: try Recall.ranks(queries: images.embeddings, gallery: found.embeddings, groups: groups)),
            textToImage: Recall(
                ranks: try Recall.ranks(queries: found.embeddings, gallery: images.embeddings, groups: groups)),
            chance: Recall(chanceAmong: groups),
            protocol: "cosine of both towers' projections over all pairs at once; every item with the query's caption "
                + "is correct, ties are wrong; chance is the mean of a random order")
    }

    /// For each row, the index of the first row that equals it.
    static func groups(_ tokens: CaptionTokens) -> [Int] {
        var first: [ArraySlice<Int32>: Int] = [:]
        return (0..<tokens.count).map { index in
            let row = tokens.row(index)
            if let known = first[row] { return known }
            first[row] = index
            return index
        }
    }
}

/// The scores of retrieval and their protocol; `diptych retrieve --json` writes it.
public struct RetrievalReport: Codable, Equatable, Sendable {
    /// The encoder that was scored.
    public struct Subject: Codable, Equatable, Sendable {
        /// Its file.
        public var path: String
        /// Its name, such as `resnet18`.
        public var architecture: String
        /// SHA-256 of the file.
        public var sha256: String
    }

    /// The encoder that was scored.
    public var encoder: Subject
    /// The number of pairs.
    public var pairs: Int
    /// The number of different captions.
    public var distinctCaptions: Int
    /// The number of images without a caption.
    public var leftOut: Int
    /// The number of unreadable images.
    public var skipped: Int
    /// The number of captions that were cut at the context.
    public var truncated: Int
    /// The name of these images.
    public var split: String
    /// Recall of captions by images.
    public var imageToText: Recall
    /// Recall of images by captions.
    public var textToImage: Recall
    /// Recall of a random order, in both directions.
    public var chance: Recall
    /// How the scores were computed.
    public var `protocol`: String

    /// The report as one JSON object, keys in snake_case.
    public func json() throws -> Data { try JSON.document(self) }
}
