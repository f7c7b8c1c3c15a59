import Files

/// Packs a source into WebDataset shards, so that storage reads long stretches instead of a million small files.
///
/// A sample is `KEY.jpg`, `.png` or `.ppm` with the image's bytes unchanged, `KEY.cls` with its label where it has
/// one, `KEY.txt` with its caption where it has one, and `KEY.json` with what a table says of it (`SampleFacts`). The key is the image's name without its ending, points in
/// the base name made `_`, and `~2` and so on where two would be the same. Class names lie in each shard as
/// `__meta__/classes.txt`, which WebDataset's readers pass over and `TarShards` reads. Each shard appears whole or
/// not at all. The same source, options and seed give the same bytes.
public struct ShardWriter: Sendable {
    /// How shards are written.
    public struct Options: Sendable {
        /// Images in a shard at most.
        public var maximumImages = 10_000
        /// Bytes of a shard at most, but for a single image that is larger: 256 MiB.
        public var maximumBytes = 256 << 20
        /// The seed of the order; nil for the source's own, which makes neighbours alike and is for test images only.
        public var seed: UInt64? = 0
        /// Whether images are decoded as a whole, so that none is packed that cannot be used; else only their headers.
        public var decodes = true
        /// Bounds for decoding.
        public var decoding = DecodeOptions()
        /// Threads that read and decode.
        public var threads = ProcessInfo.processInfo.activeProcessorCount
        /// Whether shards that are there are replaced, and those past the last removed.
        public var replaces = false
        /// Told the images done so far, now and then.
        public var progress: @Sendable (Int) -> Void = { _ in }

        /// The defaults.
        public init() {}
    }

    private let pattern: ShardNames
    private let options: Options

    /// Makes a writer.
    /// - Parameters:
    ///   - output: the shards' path, with a place for their number as in `shards/%06d.tar`.
    ///   - options: the extent of a shard and the order.
    /// - Throws: `FileError` where there is no such place.
    public init(output: String, options: Options = Options()) throws(FileError) {
        pattern = try ShardNames(output)
        self.options = options
    }

    /// Packs all images that can be used.
    /// - Throws: `FileError` where a shard cannot be written, or is there already; the shards before it are whole.
    public func pack(_ source: any Source) throws(FileError) -> PackReport {
        if !options.replaces, pattern.exists(0) {
            throw FileError(path: pattern[0], reason: "is there already; choose another output or remove it")
        }
        let feed = PackFeed(source, options: options)
        var report = PackReport()
        while feed.peek() != nil {
            let path = pattern[report.shards.count]
            var shard = PackReport.Shard(path: path, images: 0, bytes: 0)
            try AtomicFile.write(to: path) { (file: Int32) throws(FileError) in
                shard = try fill(path, file, from: feed, classes: source.classes)
            }
            report.shards.append(shard)
        }
        report.skipped = feed.skipped
        // A shard left from an earlier, longer pack would be read with these.
        var number = report.shards.count
        while options.replaces, pattern.exists(number) {
            StoredFile.remove(pattern[number])
            number += 1
        }
        return report
    }

    private func fill(
        _ path: String, _ file: Int32, from feed: PackFeed, classes: [String]
    ) throws(FileError) -> PackReport.Shard {
        let tar = TarWriter(file: file, path: path)
        if !classes.isEmpty { try tar.add(Array("__meta__/classes.txt".utf8), classes.joined(separator: "\n") + "\n") }
        var images = 0
        while let sample = feed.peek(), images < options.maximumImages {
            if images > 0, tar.size + sample.size + 2 * TarHeader.block > options.maximumBytes { break }
            try sample.write(to: tar)
            feed.drop()
            images += 1
        }
        try tar.finish()
        return PackReport.Shard(path: path, images: images, bytes: tar.size)
    }
}

/// What packing wrote and left out.
public struct PackReport: Codable, Equatable, Sendable {
    /// One shard.
    public struct Shard: Codable, Equatable, Sendable {
        /// Where it lies.
        public var path: String
        /// Its images.
        public var images: Int
        /// Its bytes.
        public var bytes: Int
    }

    /// The shards in order.
    public var shards: [Shard] = []
    /// Images that cannot be used, in the order of packing.
    public var skipped: [ScanReport.Unreadable] = []

    /// Nothing yet.
    public init() {}

    /// Images packed.
    public var images: Int { shards.reduce(0) { $0 + $1.images } }
    /// Bytes written.
    public var bytes: Int { shards.reduce(0) { $0 + $1.bytes } }
}

/// The paths of shards by number: a pattern with one `%06d`, `%d` or the like.
struct ShardNames: Sendable {
    private let before: String
    private let after: String
    private let digits: Int

    init(_ pattern: String) throws(FileError) {
        let parts = pattern.split(separator: "%", omittingEmptySubsequences: false)
        guard parts.count == 2, let d = parts[1].firstIndex(of: "d"), parts[1][..<d].allSatisfy(\.isNumber),
            let digits = d == parts[1].startIndex ? 1 : Int(parts[1][..<d]), digits <= 20
        else {
            throw FileError(path: pattern, reason: "needs one place for the shard's number, as in shards/%06d.tar")
        }
        before = String(parts[0])
        after = String(parts[1][parts[1].index(after: d)...])
        self.digits = digits
    }

    subscript(number: Int) -> String {
        let text = String(number)
        return before + String(repeating: "0", count: max(0, digits - text.utf8.count)) + text + after
    }

    func exists(_ number: Int) -> Bool { StoredFile.exists(self[number]) }
}
