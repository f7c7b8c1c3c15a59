import Files
import Foundation
import Torch
import Views

/// Retrieval of captions by images and of images by captions, Radford et al. 2021, arXiv 2103.00020, appendix E.
public struct Retrieval {
    private let run: CLIPRun

    /// Scores a run.
    public init(_ run: CLIPRun) { self.run = run }

    /// Scores the pairs of a source; images without a caption are left out.
    ///
    /// Pairs whose captions have the same tokens are right for each other.
    /// - Parameters:
    ///   - source: the images.
    ///   - split: what the report calls the images.
    ///   - maximumBad: the share of unusable images, 0...1, above which it stops.
    ///   - progress: told the images done so far.
    /// - Throws: `TrainingError` where there are fewer than two pairs; `LoaderError`, `TorchError`.
    public func report(
        on source: any Source, split: String, maximumBad: Double = 0.01, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> RetrievalReport {
        let captions = run.settings.captions(of: source)
        let present = captions.indices.filter { captions[$0] != nil }
        guard present.count >= 2 else {
            throw TrainingError(
                .data,
                "retrieval needs two images with captions at least, there are \(present.count) of \(source.count)")
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
            protocol: "cosine of both towers' projections over all pairs at once; whatever has the query's caption is "
                + "right, ties count against; chance is a random order's average")
    }

    /// For each row the number of the first that is equal to it.
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

/// What retrieval found, with the protocol; what `diptych retrieve --json` writes.
public struct RetrievalReport: Codable, Equatable, Sendable {
    /// The encoder that was scored.
    public struct Subject: Codable, Equatable, Sendable {
        /// Its file.
        public var path: String
        /// Its name, as in `resnet18`.
        public var architecture: String
        /// SHA-256 of the file.
        public var sha256: String
    }

    /// The encoder that was scored.
    public var encoder: Subject
    /// Images in the gallery, and captions.
    public var pairs: Int
    /// Captions that differ.
    public var distinctCaptions: Int
    /// Images without a caption.
    public var leftOut: Int
    /// Images that could not be used.
    public var skipped: Int
    /// Captions that were cut at the context.
    public var truncated: Int
    /// Which images these are, in words.
    public var split: String
    /// Captions found by images.
    public var imageToText: Recall
    /// Images found by captions.
    public var textToImage: Recall
    /// What a random order finds, either way.
    public var chance: Recall
    /// How the scores came about, in words.
    public var `protocol`: String

    /// The report as one JSON object, keys in snake_case.
    public func json() throws -> Data { try JSON.document(self) }
}
