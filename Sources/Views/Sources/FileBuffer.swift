import Files

/// Reusable memory for encoded files. It grows to the size of the largest file, and must not be shared between threads.
public final class FileBuffer {
    /// The largest file in bytes.
    public let limit: Int
    private var memory: UnsafeMutableRawBufferPointer
    /// The target of a transformation, which then swaps the two buffers.
    private var spare = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var filled = 0

    /// A buffer for files of at most `limit` bytes, 1 GiB by default.
    public init(limit: Int = 1 << 30) {
        self.limit = limit
        memory = .allocate(byteCount: 1 << 16, alignment: 64)
    }

    deinit {
        memory.deallocate()
        spare.deallocate()
    }

    /// The bytes of the last read; valid until the next read.
    public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[..<filled]) }

    /// Copies bytes that are already in memory.
    public func load(_ bytes: UnsafeRawBufferPointer) {
        filled = 0
        reserve(bytes.count)
        memory.copyMemory(from: bytes)
        filled = bytes.count
    }

    /// Reads a regular file at a path.
    func read(path: String, name: @autoclosure () -> String) throws(DecodeError) {
        try SystemPath.with(path) { path in
            Result { () throws(DecodeError) in try read(path: path, name: name()) }
        }.get()
    }

    /// Reads a regular file to its end, also if the file changes while it is read.
    /// - Parameters:
    ///   - path: the file's path in the bytes of the file system, terminated by a zero.
    ///   - name: the path in errors.
    package func read(path: UnsafePointer<CChar>, name: @autoclosure () -> String) throws(DecodeError) {
        filled = 0
        // Opening a pipe must not block the worker.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw DecodeError(.unreadable, path: name(), reason: systemReason()) }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw DecodeError(.unreadable, path: name(), reason: systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DecodeError(.unreadable, path: name(), reason: "is not a file")
        }
        guard status.st_size <= limit else {
            throw DecodeError(.tooLarge, path: name(), reason: "has \(status.st_size) bytes, the limit is \(limit)")
        }
        // One byte more than expected, so that the end of the file is found without growing the buffer.
        reserve(Int(status.st_size) + 1)
        while true {
            if filled == memory.count {
                guard filled <= limit else {
                    throw DecodeError(.tooLarge, path: name(), reason: "has more than \(limit) bytes")
                }
                reserve(filled * 2)
            }
            let count = systemRead(file, memory.baseAddress.unsafelyUnwrapped + filled, memory.count - filled)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw DecodeError(.unreadable, path: name(), reason: systemReason())
            }
            filled += count
        }
        guard filled > 0 else { throw DecodeError(.empty, path: name(), reason: "is empty") }
        guard filled <= limit else {
            throw DecodeError(.tooLarge, path: name(), reason: "has more than \(limit) bytes")
        }
    }

    /// Reads a part of an open file.
    /// - Parameters:
    ///   - name: the name of the part in errors.
    func read(file: Int32, offset: Int, count: Int, name: @autoclosure () -> String) throws(DecodeError) {
        filled = 0
        guard count > 0 else { throw DecodeError(.empty, path: name(), reason: "is empty") }
        guard count <= limit else {
            throw DecodeError(.tooLarge, path: name(), reason: "has \(count) bytes, the limit is \(limit)")
        }
        reserve(count)
        while filled < count {
            let read = pread(
                file, memory.baseAddress.unsafelyUnwrapped + filled, count - filled, off_t(offset + filled))
            if read < 0, errno == EINTR { continue }
            guard read != 0 else {
                throw DecodeError(.unreadable, path: name(), reason: "is gone: its file became shorter")
            }
            guard read > 0 else { throw DecodeError(.unreadable, path: name(), reason: systemReason()) }
            filled += read
        }
    }

    /// Replaces the last bytes read by `count` bytes made from them.
    func transform(to count: Int, _ body: (_ old: UnsafeRawBufferPointer, _ new: UnsafeMutableRawBufferPointer) -> Void)
    {
        if spare.count < count {
            spare.deallocate()
            spare = .allocate(byteCount: count, alignment: 64)
        }
        body(bytes, UnsafeMutableRawBufferPointer(rebasing: spare[..<count]))
        swap(&memory, &spare)
        filled = count
    }

    private func reserve(_ count: Int) {
        guard count > memory.count else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 64)
        larger.copyMemory(from: bytes)
        memory.deallocate()
        memory = larger
    }
}

/// The reason of the last failed system call, as in `permission denied`.
func systemReason() -> String {
    let text = String(cString: strerror(errno))
    return text.prefix(1).lowercased() + text.dropFirst()
}
