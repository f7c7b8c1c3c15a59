import CTorch

/// A GPU's stream of copies from main memory, which run beside computation.
public final class CopyStream {
    private let handle: ctorch_stream

    /// Makes a stream on a GPU.
    /// - Throws: `TorchError` on a CPU, which has none.
    public init(_ device: Device) throws(TorchError) {
        var handle: ctorch_stream?
        try check("stream", ctorch_stream_new(device.code, &handle))
        guard let handle else { throw TorchError(operation: "stream", message: "gave no stream") }
        self.handle = handle
    }

    deinit { ctorch_stream_free(handle) }

    /// Starts a copy to the device, which may be used after `join`. `source` must not change before `wait`. Its memory
    /// should be page-locked; otherwise the CPU makes the copy before this returns.
    public func upload(_ source: Tensor) throws(TorchError) -> Tensor {
        try make("upload") { ctorch_stream_upload(handle, source.handle, $0) }
    }

    /// Makes later computation wait for all copies so far.
    public func join() throws(TorchError) { try check("join", ctorch_stream_join(handle)) }

    /// Waits for all copies so far.
    public func wait() throws(TorchError) { try check("wait", ctorch_stream_wait(handle)) }
}

/// Page-locked memory, which a GPU can copy from while the CPU continues.
public enum PinnedMemory {
    /// Allocates memory, aligned to 64 bytes.
    /// - Throws: `TorchError` without a GPU, or if no memory is left.
    public static func allocate(byteCount: Int) throws(TorchError) -> UnsafeMutableRawPointer {
        var memory: UnsafeMutableRawPointer?
        try check("pinned", ctorch_pinned(Int64(byteCount), &memory))
        guard let memory else { throw TorchError(operation: "pinned", message: "gave no memory") }
        return memory
    }

    /// Frees memory of `allocate`.
    public static func free(_ memory: UnsafeMutableRawPointer) { ctorch_pinned_free(memory) }
}

extension Tensor {
    /// Normalised images from bytes `[N, H, W, 3]`: `x factor + offset` for each channel, float32
    /// `[N, 3, H, W]`, channels innermost.
    /// - Parameters:
    ///   - factors: `[3]`, on the same device.
    ///   - offsets: `[3]`, likewise.
    public func normalizedPictures(factors: Tensor, offsets: Tensor) throws(TorchError) -> Tensor {
        try make("normalize") { ctorch_normalize(handle, factors.handle, offsets.handle, $0) }
    }
}
