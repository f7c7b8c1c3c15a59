/// Writes files that appear whole or not at all: aside, flushed to the disk, then renamed.
public enum AtomicFile {
    /// Replaces the file at `path` by `bytes`; folders on the way are made.
    /// - Throws: `FileError`; the old file, if any, is then untouched and nothing is left aside.
    public static func write(_ bytes: some Collection<UInt8>, to path: String) throws(FileError) {
        try write(to: path) { (file: Int32) throws(FileError) in
            if let result = bytes.withContiguousStorageIfAvailable({ all($0, into: file) }) {
                guard result else { throw FileError(path: path, failed: "cannot be written") }
            } else {
                let written = Array(bytes).withUnsafeBufferPointer { all($0, into: file) }
                guard written else { throw FileError(path: path, failed: "cannot be written") }
            }
        }
    }

    /// Replaces the file at `path` by a text in UTF-8.
    /// - Throws: `FileError`, as `write(_:to:)`.
    public static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }

    /// Replaces the file at `path` by what `body` writes to the descriptor that it is given; a link stays, and what it leads to
    /// is replaced. What is no file, as `/dev/stdout`, is written to.
    /// - Throws: `FileError`, as `write(_:to:)`.
    public static func write(to path: String, _ body: (Int32) throws(FileError) -> Void) throws(FileError) {
        let place = resolved(path)
        let folder = SystemPath.folder(of: place)
        try Folder.create(at: folder)
        if isFolder(place) { throw FileError(path: path, reason: "is a folder; name a file") }
        let isSpecial = StoredFile.status(place).map { $0.st_mode & S_IFMT != S_IFREG } ?? false
        // One process writes one path: the process id keeps two runs apart that share a folder by mistake.
        let aside = "\(place).\(getpid()).tmp"
        var file: Int32 = -1
        if isSpecial {
            file = SystemPath.with(place) { open($0, O_WRONLY | O_CLOEXEC) }
        } else {
            file = nameless(in: folder)
        }
        let isNamed = !isSpecial && file < 0
        if isNamed { file = SystemPath.with(aside) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) } }
        guard file >= 0 else { throw FileError(path: path, failed: "cannot be written") }
        do throws(FileError) {
            try body(file)
            guard isSpecial || fsync(file) == 0 && (isNamed || name(file, aside)) else {
                throw FileError(path: path, failed: "cannot be written")
            }
        } catch {
            close(file)
            if isNamed { StoredFile.remove(aside) }
            throw error
        }
        // A network file system may report a full disk only here.
        guard close(file) == 0, isSpecial || rename(aside, place) else {
            let error = FileError(path: path, failed: "cannot be written")
            StoredFile.remove(aside)
            throw error
        }
    }

    /// Finds out before the work whether a file could be written, and leaves everything as it was.
    /// - Throws: `FileError`.
    public static func check(_ path: String) throws(FileError) {
        let place = resolved(path)
        if isFolder(place) { throw FileError(path: path, reason: "is a folder; name a file") }
        if let status = StoredFile.status(place), status.st_mode & S_IFMT != S_IFREG { return }
        do throws(FileError) {
            try Folder.check(SystemPath.folder(of: place))
        } catch {
            throw FileError(path: path, reason: "cannot be written: \(error)")
        }
    }

    /// Whether a path means a folder, be it there or not.
    private static func isFolder(_ path: String) -> Bool { path.utf8.last == UInt8(ascii: "/") || Folder.exists(path) }

    /// Where a path leads, the last link of it followed.
    private static func resolved(_ path: String) -> String {
        SystemPath.with(path) { path in
            guard let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return SystemPath.text(String.bytes(real))
        } ?? path
    }

    /// A file that has no name yet, so that nothing is left of it whenever the process is killed; -1 where the file system has none.
    private static func nameless(in folder: String) -> Int32 {
        #if os(Linux)
        guard access("/proc/self/fd", X_OK) == 0 else { return -1 }
        // O_TMPFILE, which is no simple constant in C.
        let temporary = 0o20_000_000 | O_DIRECTORY
        return SystemPath.with(folder.isEmpty ? "." : folder) { open($0, temporary | O_WRONLY | O_CLOEXEC, 0o644) }
        #else
        return -1
        #endif
    }

    /// Gives such a file a name.
    private static func name(_ file: Int32, _ path: String) -> Bool {
        StoredFile.remove(path)
        return SystemPath.with(path) { linkat(AT_FDCWD, "/proc/self/fd/\(file)", AT_FDCWD, $0, AT_SYMLINK_FOLLOW) } == 0
    }

    private static func rename(_ old: String, _ new: String) -> Bool {
        SystemPath.with(old) { old in SystemPath.with(new) { systemRename(old, $0) } } == 0
    }

    /// Gives a file one more name, in place of what bore it; the two share their bytes where the file system can.
    ///
    /// Files written here are replaced, not changed, so that one name keeps its bytes when the other gets new ones.
    /// - Throws: `FileError`; what bore the name is then untouched.
    public static func link(_ path: String, as name: String) throws(FileError) {
        let aside = "\(name).\(getpid()).tmp"
        StoredFile.remove(aside)
        guard SystemPath.with(path, { old in SystemPath.with(aside) { systemLink(old, $0) } }) == 0 else {
            return try write(try StoredFile.read(path), to: name)
        }
        let isDone = rename(aside, name)
        let code = errno
        // Where both were the same file already, the system leaves the name aside.
        StoredFile.remove(aside)
        guard isDone else { throw FileError(path: name, failed: "cannot be written", code: code) }
    }

    /// Takes away what processes that were killed left aside in a folder.
    public static func sweep(_ folder: String) {
        for name in Folder.names(in: folder) where name.hasSuffix(".tmp") {
            let parts = name.split(separator: ".")
            guard parts.count >= 3, let process = pid_t(parts[parts.count - 2]), process > 0 else { continue }
            // A process of this number that is not this one may be writing.
            if process == getpid() || kill(process, 0) != 0 && errno == ESRCH {
                StoredFile.remove("\(folder)/\(name)")
            }
        }
    }

    private static func all(_ bytes: UnsafeBufferPointer<UInt8>, into file: Int32) -> Bool {
        writeAll(UnsafeRawBufferPointer(bytes), to: file)
    }
}

/// Writes every byte, whatever share of them each call takes; false with `errno` set where the system refuses.
public func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
        let count = write(file, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done)
        if count < 0 {
            if errno == EINTR { continue }
            guard errno == EAGAIN else { return false }
            // A terminal or pipe that somebody else made non-blocking: wait for its reader, as otherwise.
            var state = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
            _ = poll(&state, 1, -1)
            continue
        }
        done += count
    }
    return true
}
