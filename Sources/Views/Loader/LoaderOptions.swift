/// When the memory of a batch that was given out is filled again.
public enum BatchReuse: Sendable {
    /// When the next batch is asked for, or `lag` batches later.
    case afterNext
    /// When the consumer releases it, in any order and from any thread.
    case afterRelease
}

/// How a loader works; nothing here changes what it delivers, but for `pixels` and `badImages`.
public struct LoaderOptions: Sendable {
    /// Worker threads; as many as there are processors if nil.
    public var threads: Int?
    /// Batches in memory, `1 + lag` of them the consumer's; at least `2 + lag`. As many as fit in 256 MiB, at most
    /// `4 + lag`, if nil.
    public var slots: Int?
    /// Batches that stay valid beside the one given last, the latest before it, for a consumer whose copies to a device
    /// are still under way when it asks for more; 0 or more.
    public var lag = 0
    /// When a batch's memory is filled again.
    public var reuse = BatchReuse.afterNext
    /// What the views are: normalised floats, or bytes.
    public var pixels = ViewPixels.float32
    /// Where batches lie; on the ordinary heap by default.
    public var memory: any BatchMemory = HeapMemory()
    /// What is done with an image that cannot be used.
    public var badImages = BadImagePolicy.skip(maximum: 0.01)
    /// Bytes that a file may have.
    public var maximumFileBytes = 1 << 30

    /// The defaults.
    public init() {}

    /// How many batches to allocate of `bytes` each.
    func slotCount(bytes: Int) -> Int {
        max(2 + lag, slots ?? min(4 + lag, (256 << 20) / max(1, bytes)))
    }
}
