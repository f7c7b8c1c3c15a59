/// Why data as a whole cannot be used, as opposed to one image of it.
public struct DataError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file or folder, as the caller named it.
    public var path: String
    /// One line for people: what is wrong.
    public var reason: String

    /// Makes an error.
    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    /// `path: reason`.
    public var description: String { "\(path): \(reason)" }
}
