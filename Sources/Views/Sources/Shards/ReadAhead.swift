import Files

/// Asks the system to fetch a shard's bytes before they are read. While the images of a shuffle buffer are read in any
/// order, storage is read sequentially.
final class ReadAhead: Sendable {
    fileprivate struct Shard {
        /// The end of what was requested; nil before the first read of an epoch.
        var mark: Int?
        /// Reads in this epoch.
        var reads = 0
    }

    private let bytes: Int
    private let images: [Int]
    private let shards: Locked<[Shard]>

    /// - Parameters:
    ///   - bytes: how far to be ahead.
    ///   - images: the number of images of each shard; after as many reads, a new epoch starts.
    init(bytes: Int, images: [Int]) {
        self.bytes = bytes
        self.images = images
        shards = Locked(Array(repeating: Shard(), count: images.count))
    }

    /// Records a read that ends at `end` in a shard of `size` bytes.
    func note(_ file: Int32, shard: Int, end: Int, size: Int) {
        let range = shards.withLock { $0[shard].range(end: end, size: size, bytes: bytes, images: images[shard]) }
        guard let range, !range.isEmpty else { return }
        _ = posix_fadvise(file, off_t(range.lowerBound), off_t(range.count), Int32(POSIX_FADV_WILLNEED))
    }
}

extension ReadAhead.Shard {
    /// What to request now: at least half of the distance, so that requests are few and long.
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
