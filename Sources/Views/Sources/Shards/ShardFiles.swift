import Files

/// The open files of a source with many images in each file. All reading threads share them.
///
/// Files are opened when they are first read and stay open, at most `capacity` at a time. A file that is opened again
/// must be unchanged since it was listed.
final class ShardFiles: Sendable {
    /// An open file; it is closed when the last reader releases it.
    final class Handle: Sendable {
        let file: Int32
        fileprivate init(_ file: Int32) { self.file = file }
        deinit { close(file) }
    }

    /// A file at the time when it was listed.
    struct Shard: Sendable {
        /// The path in the bytes of the file system.
        var path: [UInt8]
        var size: Int
        var modified: timespec
    }

    /// Why a file cannot be opened.
    struct Failure: Error {
        var reason: String
    }

    let shards: [Shard]
    private let capacity: Int
    private let open: Locked<(handles: [Int: Handle], order: [Int])>

    /// - Parameter capacity: the number of files that stay open; if nil, half of the process's limit, but at most
    ///   1,024.
    init(_ shards: [Shard], capacity: Int? = nil) {
        self.shards = shards
        self.capacity = max(1, capacity ?? min(1024, Descriptors.allowed() / 2))
        open = Locked(([:], []))
    }

    /// The open file of a shard.
    func handle(_ index: Int) throws(Failure) -> Handle {
        let kept = open.withLock { $0.handles[index] }
        if let kept { return kept }
        let (handle, shard) = try ShardFiles.open(shards[index].path)
        guard shard.size == shards[index].size, shard.modified.tv_sec == shards[index].modified.tv_sec,
            shard.modified.tv_nsec == shards[index].modified.tv_nsec
        else { throw Failure(reason: "has changed since it was listed") }
        return open.withLock { state in
            // Another thread may have opened it first.
            if let kept = state.handles[index] { return kept }
            if state.order.count >= capacity { state.handles[state.order.removeFirst()] = nil }
            state.handles[index] = handle
            state.order.append(index)
            return handle
        }
    }

    /// Opens a regular file and returns its size and identity.
    static func open(_ path: [UInt8]) throws(Failure) -> (handle: Handle, shard: Shard) {
        let file = (path + [0]).withUnsafeBytes { bytes in
            // Opening a pipe must not block the thread.
            systemOpen(
                bytes.bindMemory(to: CChar.self).baseAddress.unsafelyUnwrapped, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        }
        guard file >= 0 else { throw Failure(reason: systemReason()) }
        let handle = Handle(file)
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Failure(reason: systemReason()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(reason: "is not a file") }
        return (handle, Shard(path: path, size: Int(status.st_size), modified: status.st_mtim))
    }
}
