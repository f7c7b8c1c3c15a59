import Files

/// Asks the system to fetch a shard's bytes before they are read: while the images of a shuffle's window are read in
/// any order, storage sees one long read after another.
final class ReadAhead: Sendable {
    fileprivate struct Shard {
        /// How far it has been asked for; nil before the first read of a pass.
        var mark: Int?
        /// Reads in this pass.
        var reads = 0
    }

    private let bytes: Int
    private let images: [Int]
    private let shards: Locked<[Shard]>

    /// - Parameters:
    ///   - bytes: how far to be ahead.
    ///   - images: the images of each shard; after so many reads a new pass begins.
    init(bytes: Int, images: [Int]) {
        self.bytes = bytes
        self.images = images
        shards = Locked(Array(repeating: Shard(), count: images.count))
    }

    /// Tells of a read that ends at `end` in a shard of `size` bytes.
    func note(_ file: Int32, shard: Int, end: Int, size: Int) {
        let range = shards.withLock { $0[shard].range(end: end, size: size, bytes: bytes, images: images[shard]) }
        guard let range, !range.isEmpty else { return }
        _ = posix_fadvise(file, off_t(range.lowerBound), off_t(range.count), Int32(POSIX_FADV_WILLNEED))
    }
}

extension ReadAhead.Shard {
    /// What to ask for now: half of what is to be ahead at least, so that requests are few and long.
    fileprivate mutating func range(end: Int, size: Int, bytes: Int, images: Int) -> Range<Int>? {
        // A rank may begin in the middle of a shard.
        let from = mark ?? max(0, end - bytes)
        reads += 1
        defer { if reads >= images { self = .init() } }
        guard from < size, end + bytes / 2 > from else { return nil }
        let to = min(size, end + bytes)
        mark = to
        return from..<max(from, to)
    }
}
