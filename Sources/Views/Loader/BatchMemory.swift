import Files

/// Where a loader's batches lie, so that a device's own memory, such as pages that its copies need not lock, can be used.
///
/// Called while a loader is made and when its last batches are let go, from any thread; never while batches stream.
public protocol BatchMemory: Sendable {
    /// Gives memory of `byteCount` bytes, at least 1, at an address that is a multiple of `alignment`, a power of 2. Its
    /// contents may be anything.
    /// - Throws: any error, described in one line, where there is none; the loader then fails with `LoaderError.memory`.
    func allocate(byteCount: Int, alignment: Int) throws -> UnsafeMutableRawPointer

    /// Takes memory back, once, that `allocate` gave.
    func free(_ pointer: UnsafeMutableRawPointer)
}

/// The ordinary heap.
public struct HeapMemory: BatchMemory {
    /// The process's heap.
    public init() {}

    /// Asks the heap.
    /// - Throws: `POSIXError` where there is not enough.
    public func allocate(byteCount: Int, alignment: Int) throws -> UnsafeMutableRawPointer {
        var pointer: UnsafeMutableRawPointer?
        let status = posix_memalign(&pointer, max(alignment, MemoryLayout<Int>.stride), byteCount)
        guard status == 0, let pointer else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .ENOMEM) }
        return pointer
    }

    /// Gives the memory back to the heap.
    public func free(_ pointer: UnsafeMutableRawPointer) {
        systemFree(pointer)
    }
}

/// One piece of a memory, given back when it is let go: batches that are only partly allocated leave nothing behind.
final class BatchBuffer {
    /// The first byte.
    let start: UnsafeMutableRawPointer
    private let memory: any BatchMemory

    /// The alignment of every buffer: what kernels that store past the caches need.
    static let alignment = 64

    init(byteCount: Int, from memory: any BatchMemory) throws(LoaderError) {
        do {
            start = try memory.allocate(byteCount: byteCount, alignment: BatchBuffer.alignment)
        } catch {
            throw .memory(byteCount: byteCount, reason: "\(error)")
        }
        self.memory = memory
        guard UInt(bitPattern: start) % UInt(BatchBuffer.alignment) == 0 else {
            // Given back like any other: an initialised object that throws is let go.
            throw .memory(byteCount: byteCount, reason: "it is not aligned to \(BatchBuffer.alignment) bytes")
        }
    }

    deinit { memory.free(start) }
}
