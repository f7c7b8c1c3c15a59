/// Why a file is not a picture that Diptych can use.
public struct DecodeError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure, which tools can tell apart.
    public enum Kind: String, Codable, Sendable {
        /// The file cannot be read.
        case unreadable
        /// No bytes at all.
        case empty
        /// Not one of the supported formats, whatever its name says.
        case unsupported
        /// The data end before the picture does.
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
    /// One line for people: what is wrong.
    public var reason: String

    /// Makes an error.
    public init(_ kind: Kind, path: String, reason: String) {
        self.kind = kind
        self.path = path
        self.reason = reason
    }

    /// `path: reason`.
    public var description: String { "\(path): \(reason)" }
}
