/// A lock file that one process at a time holds; the system releases it when the process ends, in any way.
public final class FileLock {
    private let file: Int32

    /// Acquires the lock at `path`: creates the file if it is missing and writes the holder into it.
    /// - Parameter what: what is locked, for the error.
    /// - Throws: `FileError` that names the holder, or if the file cannot be created. On a file system without locks, such
    ///   as some network ones, nothing is locked, which is not an error.
    public init(_ path: String, of what: String) throws(FileError) {
        // The property is set last: an initialiser that throws after setting all properties runs `deinit`, which would
        // close the descriptor a second time.
        let file = SystemPath.with(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
        guard file >= 0 else { throw FileError(path: path, failed: "cannot be written") }
        var result = flock(file, LOCK_EX | LOCK_NB)
        // `isHeld` has it for a moment.
        var attempts = 5
        while result != 0 && (errno == EINTR || errno == EWOULDBLOCK && attempts > 0) {
            if errno == EWOULDBLOCK {
                attempts -= 1
                usleep(5000)
            }
            result = flock(file, LOCK_EX | LOCK_NB)
        }
        if result != 0 && errno == EWOULDBLOCK {
            let holder = FileLock.holder(file)
            close(file)
            throw FileError(
                path: what, reason: "is in use by \(holder); wait for its end or stop it, or choose another folder")
        }
        // Other processes read this; the lock itself is the system's.
        let text = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
        if result == 0, ftruncate(file, 0) == 0 {
            _ = text.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
        }
        self.file = file
    }

    /// Whether a process holds the lock at `path`. It changes nothing.
    public static func isHeld(_ path: String) -> Bool {
        let file = SystemPath.with(path) { open($0, O_RDONLY | O_CLOEXEC) }
        guard file >= 0 else { return false }
        defer { close(file) }
        return flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    // The file stays: removing it could break the lock of a process that has just opened it.
    deinit { close(file) }

    private static func holder(_ file: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let line = text.prefix { !$0.isNewline }.filter { $0 == " " || $0.isASCII && !$0.isWhitespace }
        return line.hasPrefix("process ") ? line : "another process"
    }
}
