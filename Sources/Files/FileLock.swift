/// A file that one process at a time holds; the system lets go of it when the process ends, however it ends.
public final class FileLock {
    private let file: Int32

    /// Takes the lock at `path`, making the file where it is missing and writing into it who holds it.
    /// - Parameter what: what is locked, which an error names.
    /// - Throws: `FileError` that names the process that holds it, or where the file cannot be made. A file system without
    ///   locks, as some network ones are, locks nothing and is no error.
    public init(_ path: String, of what: String) throws(FileError) {
        // Not the property yet: an initialiser that throws with all of them set ends in `deinit`, and what is closed twice may be
        // somebody else's by then.
        let file = SystemPath.with(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) }
        guard file >= 0 else { throw FileError(path: path, failed: "cannot be written") }
        var result = flock(file, LOCK_EX | LOCK_NB)
        while result != 0 && errno == EINTR { result = flock(file, LOCK_EX | LOCK_NB) }
        if result != 0 && errno == EWOULDBLOCK {
            let holder = FileLock.holder(file)
            close(file)
            throw FileError(
                path: what, reason: "is in use by \(holder); wait for its end or stop it, or choose another folder")
        }
        // Who waits reads this; the lock itself is the system's.
        let words = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)\n".utf8)
        if result == 0, ftruncate(file, 0) == 0 {
            _ = words.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
        }
        self.file = file
    }

    // The file stays: who removed it could take the lock of one who has just opened it.
    deinit { close(file) }

    private static func holder(_ file: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let line = words.prefix { !$0.isNewline }.filter { $0 == " " || $0.isASCII && !$0.isWhitespace }
        return line.hasPrefix("process ") ? line : "another process"
    }
}
