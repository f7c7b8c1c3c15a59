/// A log file that grows by whole records; the system has each record when `append` returns.
public final class AppendingFile {
    /// The path of the file.
    public let path: String
    private let file: Int32

    /// Opens a file for appending; creates it if it is missing.
    /// - Throws: `FileError`.
    public init(_ path: String) throws(FileError) {
        self.path = path
        file = SystemPath.with(path) { open($0, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }
        guard file >= 0 else { throw FileError(path: path, failed: "cannot be written") }
    }

    deinit { close(file) }

    /// Appends one record.
    /// - Throws: `FileError`, for example if the disk is full.
    public func append(_ record: some Collection<UInt8>) throws(FileError) {
        let written = Array(record).withUnsafeBytes { writeAll($0, to: file) }
        guard written else { throw FileError(path: path, failed: "cannot be written") }
    }
}
