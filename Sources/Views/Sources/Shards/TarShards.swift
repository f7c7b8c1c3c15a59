import Files
import Synchronization

/// Images in WebDataset's tar shards: `0001.jpg` with `0001.cls` (the label, a number or a word), `0001.txt` (the
/// caption) and `0001.json` (whose `cls`, `label` or `class` is used if there is no .cls). Without labels and captions,
/// the folders in the shards are the classes.
///
/// The headers are read once, shards in parallel, to find the position of every image; each takes 48 bytes and its
/// name. Then one `pread` reads any image in any order, so shuffling, resuming and ranks work as with files. If storage
/// needs long sequential reads, shuffle by `runs` (`Sampler.Shuffle.runs`) and set `readAhead`.
///
/// Class names come from a member `classes.txt` (line i names label i) of any shard, also as `__meta__/classes.txt`,
/// which WebDataset skips; else from a file `classes.txt` beside the first shard; else from the labels. Nothing is
/// unpacked, so names with `..`, links and devices in a shard have no effect.
public struct TarShards: Source {
    /// The options for reading shards.
    public struct Options: Sendable {
        /// The class names that define the labels, as for test images; images with other labels are unlabelled.
        public var classes: [String]?
        /// Bytes to fetch ahead while reading by runs; 0 for none. 8 MiB is a good value.
        ///
        /// Measured on an SSD whose pages were dropped, 50,000 images of 900 bytes, one thread, images a second:
        /// files in random order 5,500 to 14,000; shards in random order 19,000 to 29,000; by runs with a buffer of
        /// 10,000 images 33,000 to 52,000, and 166,000 to 213,000 with 8 MiB ahead.
        public var readAhead = 0
        /// The number of threads that index.
        public var threads = ProcessInfo.processInfo.activeProcessorCount
        /// Called after each shard, from any thread, with the number of images found so far.
        public var progress: @Sendable (Int) -> Void = { _ in }

        /// The defaults.
        public init() {}
    }

    /// The shards' paths, printable.
    public let shards: [String]
    /// Class names, whose indices are the labels; empty if nothing is labelled.
    public let classes: [String]
    /// What was skipped, and other notes.
    public let listing: SourceListing
    /// The images of each shard that has any.
    public let runs: [Range<Int>]

    /// The shards' file names; splitting a path for each of a million images takes seconds.
    private let bases: [String]
    private let files: ShardFiles
    private let readAhead: ReadAhead?
    private let text: [UInt8]
    private let samples: [ShardIndex.Sample]
    private let facts: ImageColumns
    /// The first sample of each shard, and the end of the last.
    private let starts: [Int]

    /// Indexes the shards of a pattern such as `shards-{000..123}.tar`.
    /// - Throws: `DataError` if a shard cannot be read at all, or if there are no images.
    public init(_ pattern: String, options: Options = Options()) throws(DataError) {
        try self.init(shards: BracePattern.expand(pattern), options: options)
    }

    /// Indexes shards in the order given.
    /// - Throws: `DataError` if a shard cannot be read at all, or if there are no images.
    public init(shards paths: [String], options: Options = Options()) throws(DataError) {
        try self.init(bytes: paths.map { SystemPath.bytes($0) }, options: options)
    }

    /// Indexes shards whose paths are given in the bytes of the file system, with other names for display if given.
    public init(bytes: [[UInt8]], names: [String]? = nil, options: Options = Options()) throws(DataError) {
        let paths = names ?? bytes.map { printable($0) }
        let results = TarShards.index(bytes, names: paths, options: options)
        var found: [(shard: ShardFiles.Shard, index: ShardIndex)] = []
        for result in results { found.append(try result.get()) }
        var listing = SourceListing()
        var text: [UInt8] = []
        var samples: [ShardIndex.Sample] = []
        samples.reserveCapacity(found.reduce(0) { $0 + $1.index.samples.count })
        var starts: [Int] = [0]
        var facts = ImageColumns()
        for (place, (_, index)) in found.enumerated() {
            if !index.columns.columns.isEmpty {
                do throws(ImageColumns.Nonsense) {
                    try facts.append(index.columns, at: starts[place])
                } catch {
                    throw DataError(path: paths[place], reason: error.reason)
                }
            }
            listing = listing + TarShards.notes(of: index, shard: paths[place])
            for var sample in index.samples {
                sample.name += text.count
                samples.append(sample)
            }
            text += index.text
            starts.append(samples.count)
        }
        listing.lost = TarShards.lost(found.map { ($0.shard.size, $0.index.damage) })
        guard !samples.isEmpty else {
            throw DataError(
                path: paths.count == 1 ? paths[0] : paths.first.map { "\($0) and others" } ?? "",
                reason: listing.emptiness)
        }
        let classNames = found.lazy.compactMap(\.index.classes).first ?? TarShards.sidecar(of: bytes[0])
        classes =
            TarShards.label(
                &samples, &facts, starts: starts, tables: found.map(\.index.labels), names: classNames,
                known: options.classes, listing: &listing)
            ?? TarShards.label(&samples, byFoldersIn: text, known: options.classes, listing: &listing)
        _ = facts.findSides()
        facts.close()
        self.facts = facts
        let captions = samples.count { $0.caption >= 0 }
        if captions > 0, captions < samples.count {
            let missing = "\(grouped(samples.count - captions)) of \(counted(samples.count, "image")) have none"
            listing.note(.noCaption, "captions", missing)
        }
        shards = paths
        bases = paths.map { path in path.split(separator: "/").last.map(String.init) ?? path }
        files = ShardFiles(found.map(\.shard))
        readAhead =
            options.readAhead > 0 ? ReadAhead(bytes: options.readAhead, images: found.map(\.index.samples.count)) : nil
        runs = zip(starts, starts.dropFirst()).map { $0..<$1 }.filter { !$0.isEmpty }
        self.listing = listing
        self.text = text
        self.samples = samples
        self.starts = starts
    }

    /// Number of images.
    public var count: Int { samples.count }

    /// The class of an image; nil if unlabelled.
    public func label(_ index: Int) -> Int? { samples[index].label < 0 ? nil : Int(samples[index].label) }

    /// All classes of an image.
    public func labels(_ index: Int) -> [Int] {
        let labels = facts.labels(index)
        return labels.isEmpty ? label(index).map { [$0] } ?? [] : labels
    }

    /// The fields of the sample's .json member.
    public func fields(_ index: Int) -> ImageFields { facts.fields(index) }

    /// The columns of the samples' .json members.
    public var columns: Set<ImageColumn> { facts.columns }

    /// `SHARD/PATH`, printable: the shard's file name and the image's path in it.
    public func name(_ index: Int) -> String {
        "\(bases[shard(of: index)])/\(printable(member(samples[index])))"
    }

    /// The size of the image's member.
    public func byteCount(_ index: Int) -> Int? { samples[index].length }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        try read(index, offset: samples[index].offset, count: samples[index].length, into: buffer)
    }

    /// The text of the sample's .txt member, with invalid UTF-8 replaced; nil if there is none.
    public func caption(_ index: Int) throws(DecodeError) -> String? {
        let sample = samples[index]
        guard sample.caption >= 0 else { return nil }
        guard sample.captionLength > 0 else { return "" }
        let buffer = FileBuffer(limit: ShardIndex.captionLimit)
        try read(index, offset: sample.caption, count: Int(sample.captionLength), into: buffer)
        return String(decoding: buffer.bytes, as: UTF8.self)
    }

    private func read(_ index: Int, offset: Int, count: Int, into buffer: FileBuffer) throws(DecodeError) {
        let shard = shard(of: index)
        let handle: ShardFiles.Handle
        do throws(ShardFiles.Failure) {
            handle = try files.handle(shard)
        } catch {
            throw DecodeError(.unreadable, path: name(index), reason: error.reason)
        }
        readAhead?.note(handle.file, shard: shard, end: offset + count, size: files.shards[shard].size)
        try buffer.read(file: handle.file, offset: offset, count: count, name: name(index))
    }

    private func member(_ sample: ShardIndex.Sample) -> ArraySlice<UInt8> {
        text[sample.name..<(sample.name + Int(sample.nameLength))]
    }

    /// The shard that holds an image, by bisection.
    private func shard(of index: Int) -> Int {
        var low = 0
        var high = starts.count - 1
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= index { low = middle } else { high = middle }
        }
        return low
    }

    // MARK: Indexing

    private typealias Found = Result<(shard: ShardFiles.Shard, index: ShardIndex), DataError>

    private static func index(_ paths: [[UInt8]], names: [String], options: Options) -> [Found] {
        let next = Atomic<Int>(0)
        let images = Atomic<Int>(0)
        let results = Locked<[Int: Found]>([:])
        Workers.run(min(options.threads, paths.count)) {
            while true {
                let place = next.add(1, ordering: .relaxed).oldValue
                guard place < paths.count else { return }
                let found = look(at: paths[place], name: names[place])
                results.withLock { $0[place] = found }
                if case .success((_, let index)) = found {
                    options.progress(images.add(index.samples.count, ordering: .relaxed).newValue)
                }
            }
        }
        let found = results.withLock { $0 }
        return paths.indices.compactMap { found[$0] }
    }

    private static func look(at path: [UInt8], name: String) -> Found {
        do throws(ShardFiles.Failure) {
            let (handle, shard) = try ShardFiles.open(path)
            let index = ShardIndex(file: handle.file, size: shard.size)
            if let damage = index.damage, index.samples.isEmpty {
                let what = damage.offset == 0 ? TarShards.what(handle, size: shard.size) : nil
                return .failure(DataError(path: name, reason: what ?? damage.reason))
            }
            return .success((shard, index))
        } catch {
            return .failure(DataError(path: name, reason: error.reason))
        }
    }

    private static func notes(of index: ShardIndex, shard: String) -> SourceListing {
        var listing = index.listing
        listing.issues = listing.issues.map {
            SourceIssue(kind: $0.kind, path: "\(shard)/\($0.path)", reason: $0.reason)
        }
        if let damage = index.damage {
            listing.note(.damaged, shard, "\(damage.reason); the \(index.samples.count) images before it are used")
        } else if index.samples.isEmpty {
            let others = listing.foreignFiles.map { ", but \($0)" } ?? ""
            listing.note(.skipped, shard, "holds no images\(others)")
        }
        return listing
    }

    /// Describes a file that is not a tar archive by its first bytes; nil if it is one, or if the bytes do not tell.
    private static func what(_ handle: ShardFiles.Handle, size: Int) -> String? {
        let buffer = FileBuffer()
        let count = min(size, TarHeader.block)
        guard (try? buffer.read(file: handle.file, offset: 0, count: count, name: "")) != nil,
            !buffer.bytes.holds(Array("ustar".utf8), at: 257), let foreign = ForeignFormat(buffer.bytes)
        else { return nil }
        return "is not a tar archive: it \(foreign.sentence)"
    }

    /// The share of the bytes after the first damage.
    private static func lost(_ shards: [(size: Int, damage: TarHeader.Damage?)]) -> Double {
        let lost = shards.reduce(0) { sum, shard in
            sum + (shard.damage.map { max(1, shard.size - ($0.offset ?? 0)) } ?? 0)
        }
        return Double(lost) / Double(max(1, shards.reduce(0) { $0 + $1.size }))
    }
}
