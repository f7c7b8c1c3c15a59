import Files

/// A loader's times by stage, summed over its workers, in nanoseconds.
public struct LoaderStatistics: Codable, Equatable, Sendable {
    /// Images made into views.
    public var images = 0
    /// Images that could not be used.
    public var failures = 0
    /// Encoded bytes read.
    public var bytes = 0
    /// Reading files.
    public var read: UInt64 = 0
    /// Decoding, headers included.
    public var decode: UInt64 = 0
    /// Drawing and applying augmentations.
    public var augment: UInt64 = 0
    /// Writing the views into the batch, as floats or bytes.
    public var normalize: UInt64 = 0
    /// Waiting for room in the ring: the consumer is the bottleneck.
    public var idle: UInt64 = 0

    /// All zeros.
    public init() {}

    static func += (total: inout LoaderStatistics, other: LoaderStatistics) {
        total.images += other.images
        total.failures += other.failures
        total.bytes += other.bytes
        total.read += other.read
        total.decode += other.decode
        total.augment += other.augment
        total.normalize += other.normalize
        total.idle += other.idle
    }

    /// The difference from earlier sums.
    static func - (later: LoaderStatistics, earlier: LoaderStatistics) -> LoaderStatistics {
        var result = LoaderStatistics()
        result.images = later.images - earlier.images
        result.failures = later.failures - earlier.failures
        result.bytes = later.bytes - earlier.bytes
        result.read = later.read - earlier.read
        result.decode = later.decode - earlier.decode
        result.augment = later.augment - earlier.augment
        result.normalize = later.normalize - earlier.normalize
        result.idle = later.idle - earlier.idle
        return result
    }
}

/// Nanoseconds of a monotonic clock.
func monotonicNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
