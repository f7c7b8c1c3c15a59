/// Why a data set as a whole cannot be used, as opposed to one of its images.
public struct DataError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file or folder, as the caller named it.
    public var path: String
    /// What is wrong, in one line.
    public var reason: String

    /// An error with this path and reason.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// `path: reason`.
    public var description: String { "\(path): \(reason)" }
}
