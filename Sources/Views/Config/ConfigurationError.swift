/// Why a configuration cannot be used: the file, the setting, and what is wrong.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, as the caller named it.
    public var file: String
    /// The setting, as in `views.branches[0].steps[1].color_jitter.hue`; empty for the file as a whole.
    public var path: String
    /// What is wrong, in one line.
    public var reason: String

    /// An error with this path and reason.
    public init(file: String, path: String, reason: String) {
        self.file = file
        self.path = path
        self.reason = reason
    }

    /// `file: path: reason`.
    public var description: String {
        path.isEmpty ? "\(file): \(reason)" : "\(file): \(path): \(reason)"
    }
}
