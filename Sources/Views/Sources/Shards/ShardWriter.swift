import Files

/// Packs a source into WebDataset shards, which storage reads faster than a million small files.
///
/// A sample is `KEY.jpg`, `.png` or another image with its bytes unchanged, `KEY.cls` with its label and `KEY.txt` with
/// its caption if it has them, and `KEY.json` with its other fields (`SampleFacts`). The key is the image's name
/// without its extension; full stops in the base name become `_`, and repeated keys get `~2` and so on. Each shard
/// holds the class names as `__meta__/classes.txt`, which `TarShards` reads and WebDataset's readers skip. Each shard
/// is written completely or not at all. The same source, options and seed give the same bytes.
public struct ShardWriter: Sendable {
    /// The options for writing shards.
    public struct Options: Sendable {
        /// The most images in a shard.
        public var maximumImages = 10_000
        /// The most bytes in a shard, 256 MiB by default; a larger image gets its own shard.
        public var maximumBytes = 256 << 20
        /// The seed of the order; nil for the source's order, in which neighbours are similar. Use nil only for test
        /// images.
        public var seed: UInt64? = 0
        /// Whether images are decoded completely, so that no damaged image is packed; else only their headers are read.
        public var decodes = true
        /// The limits for decoding.
        public var decoding = DecodeOptions()
        /// The number of threads that read and decode.
        public var threads = ProcessInfo.processInfo.activeProcessorCount
        /// Whether existing shards are replaced, and those after the last new one removed.
        public var replaces = false
        /// Called from time to time with the number of images done so far.
        public var progress: @Sendable (Int) -> Void = { _ in }

        /// The defaults.
        public init() {}
    }

    private let pattern: ShardNames
    private let options: Options

    /// Makes a writer.
    /// - Parameters:
    ///   - output: the shards' path, with a format for their number, as in `shards/%06d.tar`.
    ///   - options: the size of a shard and the order.
    /// - Throws: `FileError` if the path has no format for the number.
    public init(output: String, options: Options = Options()) throws(FileError) {
        pattern = try ShardNames(output)
        self.options = options
    }

    /// Packs all usable images.
    /// - Throws: `FileError` if a shard cannot be written or exists already. The shards before it are complete.
    public func pack(_ source: any Source) throws(FileError) -> PackReport {
        if !options.replaces, pattern.exists(0) {
            throw FileError(path: pattern[0], reason: "already exists; choose another output or remove it")
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
        // Shards left by an earlier, longer pack would be read with these.
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

/// What packing wrote and skipped.
public struct PackReport: Codable, Equatable, Sendable {
    /// One shard.
    public struct Shard: Codable, Equatable, Sendable {
        /// The path of the shard.
        public var path: String
        /// The number of images.
        public var images: Int
        /// The number of bytes.
        public var bytes: Int
    }

    /// The shards in order.
    public var shards: [Shard] = []
    /// Images that could not be used, in the order of packing.
    public var skipped: [ScanReport.Unreadable] = []

    /// An empty report.
    public init() {}

    /// The number of images packed.
    public var images: Int { shards.reduce(0) { $0 + $1.images } }
    /// The number of bytes written.
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
            throw FileError(path: pattern, reason: "needs one format for the shard's number, as in shards/%06d.tar")
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
