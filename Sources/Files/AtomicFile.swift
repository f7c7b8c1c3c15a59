import Foundation

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

    /// Replaces the file at `path` by what `body` writes to the descriptor that it is given.
    /// - Throws: `FileError`, as `write(_:to:)`.
    public static func write(to path: String, _ body: (Int32) throws(FileError) -> Void) throws(FileError) {
        try Folder.create(at: (path as NSString).deletingLastPathComponent)
        // One process writes one path: the process id keeps two runs apart that share a folder by mistake.
        let aside = "\(path).\(getpid()).tmp"
        let file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw FileError(path: path, failed: "cannot be written") }
        do throws(FileError) {
            try body(file)
            guard fsync(file) == 0 else { throw FileError(path: path, failed: "cannot be written") }
        } catch {
            close(file)
            unlink(aside)
            throw error
        }
        // A network file system may report a full disk only here.
        guard close(file) == 0, rename(aside, path) == 0 else {
            let error = FileError(path: path, failed: "cannot be written")
            unlink(aside)
            throw error
        }
    }

    /// Gives a file one more name, in place of what bore it; the two share their bytes where the file system can.
    ///
    /// Files written here are replaced, not changed, so that one name keeps its bytes when the other gets new ones.
    /// - Throws: `FileError`; what bore the name is then untouched.
    public static func link(_ path: String, as name: String) throws(FileError) {
        let aside = "\(name).\(getpid()).tmp"
        unlink(aside)
        guard Foundation.link(path, aside) == 0 else {
            guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
                throw FileError(path: path, reason: "cannot be read")
            }
            return try write(data, to: name)
        }
        let isDone = rename(aside, name) == 0
        let code = errno
        // Where both were the same file already, the system leaves the name aside.
        unlink(aside)
        guard isDone else { throw FileError(path: name, failed: "cannot be written", code: code) }
    }

    /// Takes away what processes that were killed left aside in a folder.
    public static func sweep(_ folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(".tmp") {
            let parts = name.split(separator: ".")
            guard parts.count >= 3, let process = pid_t(parts[parts.count - 2]), process > 0 else { continue }
            // A process of this number that is not this one may be writing.
            if process == getpid() || kill(process, 0) != 0 && errno == ESRCH { unlink("\(folder)/\(name)") }
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
