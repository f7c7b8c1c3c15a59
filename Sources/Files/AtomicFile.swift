/// Writes files that appear whole or not at all: a temporary file is written, flushed to the disk and renamed.
package enum AtomicFile {
    /// Replaces the file at `path` by `bytes`; missing folders are created.
    /// - Throws: `FileError`; the old file, if any, is then unchanged and no temporary file remains.
    package static func write(_ bytes: some Collection<UInt8>, to path: String) throws(FileError) {
        try write(to: path) { (file: Int32) throws(FileError) in
            if let result = bytes.withContiguousStorageIfAvailable({ all($0, into: file) }) {
                guard result else { throw FileError(path: path, failed: "cannot be written") }
            } else {
                let written = Array(bytes).withUnsafeBufferPointer { all($0, into: file) }
                guard written else { throw FileError(path: path, failed: "cannot be written") }
            }
        }
    }

    /// Replaces the file at `path` by text in UTF-8.
    /// - Throws: `FileError`, as `write(_:to:)`.
    package static func write(_ text: String, to path: String) throws(FileError) {
        try write(Array(text.utf8), to: path)
    }

    /// Replaces the file at `path` by what `body` writes to its descriptor. Of a symbolic link, the target is replaced.
    /// A path that is not a regular file, such as `/dev/stdout`, is written to directly.
    /// - Throws: `FileError`, as `write(_:to:)`.
    package static func write(to path: String, _ body: (Int32) throws(FileError) -> Void) throws(FileError) {
        let target = resolved(path)
        let folder = SystemPath.folder(of: target)
        try Folder.create(at: folder)
        if isFolder(target) { throw FileError(path: path, reason: "is a folder; name a file") }
        let isSpecial = StoredFile.status(target).map { $0.st_mode & S_IFMT != S_IFREG } ?? false
        let aside = temporary(for: target)
        var file: Int32 = -1
        if isSpecial {
            file = SystemPath.with(target) { open($0, O_WRONLY | O_CLOEXEC) }
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
        guard close(file) == 0, isSpecial || rename(aside, target) else {
            let error = FileError(path: path, failed: "cannot be written")
            StoredFile.remove(aside)
            throw error
        }
    }

    /// Checks, before any work, that a file can be written. It changes nothing.
    /// - Throws: `FileError`.
    package static func check(_ path: String) throws(FileError) {
        let target = resolved(path)
        if isFolder(target) { throw FileError(path: path, reason: "is a folder; name a file") }
        if let status = StoredFile.status(target), status.st_mode & S_IFMT != S_IFREG { return }
        do throws(FileError) {
            try Folder.check(SystemPath.folder(of: target))
        } catch {
            throw FileError(path: path, reason: "cannot be written: \(error)")
        }
    }

    /// Whether a path is that of a folder, existing or not.
    private static func isFolder(_ path: String) -> Bool { path.utf8.last == UInt8(ascii: "/") || Folder.exists(path) }

    /// The path after its last symbolic link is followed.
    private static func resolved(_ path: String) -> String {
        SystemPath.with(path) { path in
            guard let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return SystemPath.text(String.bytes(real))
        } ?? path
    }

    /// A file without a name, of which nothing remains if the process is killed; -1 if the file system has no such
    /// files.
    private static func nameless(in folder: String) -> Int32 {
        #if os(Linux)
        guard access("/proc/self/fd", X_OK) == 0 else { return -1 }
        // O_TMPFILE, which is a macro that Swift does not import.
        let temporary = 0o20_000_000 | O_DIRECTORY
        return SystemPath.with(folder.isEmpty ? "." : folder) { open($0, temporary | O_WRONLY | O_CLOEXEC, 0o644) }
        #else
        return -1
        #endif
    }

    /// Gives a file without a name its name.
    private static func name(_ file: Int32, _ path: String) -> Bool {
        StoredFile.remove(path)
        return SystemPath.with(path) { linkat(AT_FDCWD, "/proc/self/fd/\(file)", AT_FDCWD, $0, AT_SYMLINK_FOLLOW) } == 0
    }

    /// The name of a file until it is complete. The process id separates two runs that share a folder by mistake. A
    /// long name is cut, because file systems allow 255 bytes.
    private static func temporary(for path: String) -> String {
        let name = SystemPath.text(SystemPath.bytes(SystemPath.name(of: path)).prefix(230))
        return Folder.join(SystemPath.folder(of: path), "\(name).\(getpid()).tmp")
    }

    private static func rename(_ old: String, _ new: String) -> Bool {
        SystemPath.with(old) { old in SystemPath.with(new) { systemRename(old, $0) } } == 0
    }

    /// Gives a file a second name and replaces the file of that name; the two share their bytes if the file system can.
    ///
    /// Files written here are replaced, not changed, so the bytes of one name stay the same when the other is written.
    /// - Throws: `FileError`; the file of that name is then unchanged.
    package static func link(_ path: String, as name: String) throws(FileError) {
        let aside = temporary(for: name)
        StoredFile.remove(aside)
        guard SystemPath.with(path, { old in SystemPath.with(aside) { systemLink(old, $0) } }) == 0 else {
            return try write(try StoredFile.read(path), to: name)
        }
        let isDone = rename(aside, name)
        let code = errno
        // If both were already the same file, the system keeps the temporary name.
        StoredFile.remove(aside)
        guard isDone else { throw FileError(path: name, failed: "cannot be written", code: code) }
    }

    /// Removes the temporary files that killed processes left in a folder.
    package static func sweep(_ folder: String) {
        for name in Folder.names(in: folder) where name.hasSuffix(".tmp") {
            let parts = name.split(separator: ".")
            guard parts.count >= 3, let process = pid_t(parts[parts.count - 2]), process > 0 else { continue }
            // Another process with this id may still be writing.
            if process == getpid() || kill(process, 0) != 0 && errno == ESRCH {
                StoredFile.remove("\(folder)/\(name)")
            }
        }
    }

    private static func all(_ bytes: UnsafeBufferPointer<UInt8>, into file: Int32) -> Bool {
        writeAll(UnsafeRawBufferPointer(bytes), to: file)
    }
}

/// Writes all bytes, with as many calls as needed; false with `errno` set on failure.
package func writeAll(_ bytes: UnsafeRawBufferPointer, to file: Int32) -> Bool {
    var done = 0
    while done < bytes.count {
        let count = write(file, bytes.baseAddress.unsafelyUnwrapped + done, bytes.count - done)
        if count < 0 {
            if errno == EINTR { continue }
            guard errno == EAGAIN else { return false }
            // A terminal or pipe that another process made non-blocking: wait for its reader.
            var state = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
            _ = poll(&state, 1, -1)
            continue
        }
        done += count
    }
    return true
}
