import Synchronization

/// A cache of decoded pictures from one epoch to the next.
public protocol CacheConfiguration: Component {
    /// The largest size of the cache in bytes.
    var bytes: Int { get }
}

/// The caches that a pipeline file can name.
public enum CacheFamily: ComponentFamily {
    /// The list of all caches.
    public static let registry = Registry<any CacheConfiguration>(kind: "a cache", [MemoryCache.self])
}

/// Keeps decoded pictures in memory: the files of a data set that fits are read and decoded once. The rest is decoded
/// in every epoch, as without a cache. Views are the same, bit for bit.
public struct MemoryCache: CacheConfiguration {
    /// Its name in pipeline files.
    public static let name = "memory"
    /// The size of the cache in megabytes of 2^20 bytes; a pixel takes 3 bytes.
    public var megabytes = 4096

    /// 4 GiB.
    public init() {}

    /// Throws `InvalidSetting` for a size that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("megabytes", megabytes, in: 1...16_777_216)
    }

    /// The limit in bytes.
    public var bytes: Int { megabytes << 20 }
}

/// Whole pictures by sample, up to a number of bytes. The workers of a loader share it.
///
/// A stored picture is never changed, and none is ever evicted: since each sample comes once an epoch, an evicted
/// picture would be the next to be needed.
final class PictureCache: Sendable {
    /// An image that is not written to any more.
    private struct Kept: @unchecked Sendable {
        let image: Image
    }

    private final class Shelf: Sendable {
        let pictures = Locked<[Int: Kept]>([:])
    }

    /// 64 shelves, so that workers rarely wait for each other.
    private let shelves = (0..<64).map { _ in Shelf() }
    private let left: Atomic<Int>

    /// A cache of at most `bytes` bytes.
    init(bytes: Int) {
        left = Atomic(bytes)
    }

    /// The picture of a sample; nil if it is not stored.
    func picture(_ sample: Int) -> Image? {
        shelves[sample & 63].pictures.withLock { $0[sample] }?.image
    }

    /// Reserves room for a picture of this size, which the caller then decodes and stores; false if there is none.
    func reserve(_ size: Size) -> Bool {
        let needed = size.area * Image.channels + Image.slack
        if left.subtract(needed, ordering: .relaxed).newValue >= 0 { return true }
        left.add(needed, ordering: .relaxed)
        return false
    }

    /// Releases reserved room if the picture could not be decoded.
    func release(_ size: Size) {
        left.add(size.area * Image.channels + Image.slack, ordering: .relaxed)
    }

    /// Stores a picture in the room that was reserved for it.
    func put(_ picture: Image, _ sample: Int) {
        let kept = Kept(image: picture)
        // Two workers decode one sample at the same time only if a sampler repeats it.
        if shelves[sample & 63].pictures.withLock({ $0.updateValue(kept, forKey: sample) }) != nil {
            release(picture.size)
        }
    }
}
