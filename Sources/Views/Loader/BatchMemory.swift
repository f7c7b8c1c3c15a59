import Files

/// The memory of a loader's batches. It can be a device's own, such as page-locked memory.
///
/// Both methods are called when a loader is made and when its last batches are released, from any thread, but never
/// while batches stream.
public protocol BatchMemory: Sendable {
    /// Allocates `byteCount` bytes, at least 1, at an address that is a multiple of `alignment`, a power of 2. The
    /// contents are undefined.
    /// - Throws: any error, described in one line; the loader then fails with `LoaderError.memory`.
    func allocate(byteCount: Int, alignment: Int) throws -> UnsafeMutableRawPointer

    /// Frees memory that `allocate` returned; called once for each.
    func free(_ pointer: UnsafeMutableRawPointer)
}

/// The process's heap.
public struct HeapMemory: BatchMemory {
    /// Memory from the process's heap.
    public init() {}

    /// Allocates on the heap.
    /// - Throws: `POSIXError` if there is not enough memory.
    public func allocate(byteCount: Int, alignment: Int) throws -> UnsafeMutableRawPointer {
        var pointer: UnsafeMutableRawPointer?
        let status = posix_memalign(&pointer, max(alignment, MemoryLayout<Int>.stride), byteCount)
        guard status == 0, let pointer else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .ENOMEM) }
        return pointer
    }

    /// Frees memory of the heap.
    public func free(_ pointer: UnsafeMutableRawPointer) {
        systemFree(pointer)
    }
}

/// A buffer that frees its memory when it is released, so that batches that are only partly allocated leak nothing.
final class BatchBuffer {
    /// The first byte.
    let start: UnsafeMutableRawPointer
    private let memory: any BatchMemory

    /// The alignment of every buffer, which kernels with non-temporal stores need.
    static let alignment = 64

    init(byteCount: Int, from memory: any BatchMemory) throws(LoaderError) {
        do {
            start = try memory.allocate(byteCount: byteCount, alignment: BatchBuffer.alignment)
        } catch {
            throw .memory(byteCount: byteCount, reason: "\(error)")
        }
        self.memory = memory
        guard UInt(bitPattern: start) % UInt(BatchBuffer.alignment) == 0 else {
            // The memory is freed: an initialised object that throws is released.
            throw .memory(byteCount: byteCount, reason: "it is not aligned to \(BatchBuffer.alignment) bytes")
        }
    }

    deinit { memory.free(start) }
}
