/// When the memory of a delivered batch is reused.
public enum BatchReuse: Sendable {
    /// When the consumer asks for the next batch, or `lag` batches later.
    case afterNext
    /// When the consumer releases it, in any order and from any thread.
    case afterRelease
}

/// How a loader works. Only `pixels` and `badImages` change what it delivers.
public struct LoaderOptions: Sendable {
    /// Worker threads; one for each processor if nil.
    public var threads: Int?
    /// Batches in memory, at least `2 + lag`; the consumer holds `1 + lag` of them. If nil, as many as fit in 256 MiB,
    /// but at most `4 + lag`.
    public var slots: Int?
    /// Earlier batches that stay valid beside the latest, 0 or more: for a consumer that asks for the next batch while
    /// copies of earlier ones to a device are still under way.
    public var lag = 0
    /// When a batch's memory is reused.
    public var reuse = BatchReuse.afterNext
    /// The type of pixel values: normalised floats, or bytes.
    public var pixels = ViewPixels.float32
    /// The memory of the batches; the heap by default.
    public var memory: any BatchMemory = HeapMemory()
    /// What is done with an image that cannot be used.
    public var badImages = BadImagePolicy.skip(maximum: 0.01)
    /// The largest file in bytes.
    public var maximumFileBytes = 1 << 30

    /// The defaults.
    public init() {}

    /// The number of batches to allocate, if each has `bytes`.
    func slotCount(bytes: Int) -> Int {
        max(2 + lag, slots ?? min(4 + lag, (256 << 20) / max(1, bytes)))
    }
}
