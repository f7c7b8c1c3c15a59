import Synchronization

/// A place where decoded pictures are kept from one pass to the next.
public protocol CacheConfiguration: Component {
    /// Bytes that it may hold.
    var bytes: Int { get }
}

/// The caches that a pipeline file can name.
public enum CacheFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any CacheConfiguration>(kind: "a cache", [MemoryCache.self])
}

/// Decoded pictures in memory: for data sets that fit, files are read and decoded once. What does not fit is decoded in
/// every pass, as without a cache; views are the same, to the bit.
public struct MemoryCache: CacheConfiguration {
    /// `memory`.
    public static let name = "memory"
    /// Megabytes (2^20 bytes) that the pictures may take, at 3 bytes a pixel.
    public var megabytes = 4096

    /// 4 GiB.
    public init() {}

    /// Checks the limit.
    public func validate() throws(InvalidSetting) {
        try require("megabytes", megabytes, in: 1...16_777_216)
    }

    /// The limit in bytes.
    public var bytes: Int { megabytes << 20 }
}

/// Whole pictures by sample, up to a number of bytes; shared by the workers of a loader.
///
/// A picture is never written to again once it is in, and none is ever dropped: with every sample met once a pass, what
/// leaves a cache would have been the next to be asked for.
final class PictureCache: Sendable {
    /// An image that nobody writes to any more.
    private struct Kept: @unchecked Sendable {
        let image: Image
    }

    private final class Shelf: Sendable {
        let pictures = Locked<[Int: Kept]>([:])
    }

    /// Many, so that workers seldom wait for each other.
    private let shelves = (0..<64).map { _ in Shelf() }
    private let left: Atomic<Int>

    /// A cache for `bytes` bytes.
    init(bytes: Int) {
        left = Atomic(bytes)
    }

    /// The picture of a sample; nil where it is not here.
    func picture(_ sample: Int) -> Image? {
        shelves[sample & 63].pictures.withLock { $0[sample] }?.image
    }

    /// Takes room for a picture of this extent, which the caller then decodes and puts; false where there is none.
    func reserve(_ size: Size) -> Bool {
        let needed = size.area * Image.channels + Image.slack
        if left.subtract(needed, ordering: .relaxed).newValue >= 0 { return true }
        left.add(needed, ordering: .relaxed)
        return false
    }

    /// Gives reserved room back, where the picture could not be decoded.
    func release(_ size: Size) {
        left.add(size.area * Image.channels + Image.slack, ordering: .relaxed)
    }

    /// Keeps a picture that room was reserved for.
    func put(_ picture: Image, _ sample: Int) {
        let kept = Kept(image: picture)
        // Two workers meet one sample at once only where a sampler repeats it.
        if shelves[sample & 63].pictures.withLock({ $0.updateValue(kept, forKey: sample) }) != nil {
            release(picture.size)
        }
    }
}
