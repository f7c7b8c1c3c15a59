/// Why a file cannot be used as a picture.
public struct DecodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure, for tools.
    public enum Kind: String, Codable, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The file has no bytes.
        case empty
        /// The format is not supported, by its contents rather than its name.
        case unsupported
        /// The data end before the picture is complete.
        case truncated
        /// The data contradict the format.
        case corrupt
        /// More pixels than the limit allows.
        case tooLarge = "too_large"
    }

    /// The kind of failure.
    public var kind: Kind
    /// The file, or another name of the data.
    public var path: String
    /// What is wrong, in one line.
    public var reason: String

    /// An error of this kind about a file.
    public init(_ kind: Kind, path: String, reason: String) {
        self.kind = kind
        self.path = path
        self.reason = reason
    }

    /// `path: reason`.
    public var description: String { "\(path): \(reason)" }
}
