/// A file that could not be read or written.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The path of the file.
    public var path: String
    /// What went wrong, as in `cannot be written: No space left on device`.
    public var reason: String

    /// An error with this path and reason.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// An error that gives the system's reason for the last failed call.
    public init(path: String, failed action: String, code: Int32 = errno) {
        self.init(path: path, reason: "\(action): \(String(cString: strerror(code)))")
    }

    /// `path: reason`.
    public var description: String { "\(SystemPath.printable(path)): \(reason)" }
}
