/// A part that a pipeline file can name: a Codable struct whose stored properties with defaults are its settings.
///
/// The file writes it as `name: {setting: value}` with settings in snake_case, or `name` alone for the defaults.
public protocol Component: Codable, Sendable {
    /// The name in the file, snake_case.
    static var name: String { get }

    /// The defaults.
    init()

    /// Checks the ranges of the settings; the reader adds file and path to what is thrown.
    func validate() throws(InvalidSetting)
}

extension Component {
    /// Accepts every value.
    public func validate() throws(InvalidSetting) {}
}

/// A setting whose value cannot be used.
public struct InvalidSetting: Error, Equatable, Sendable {
    /// The setting's name in the file, snake_case; empty for the component as a whole.
    public var key: String
    /// What is wrong, as in `must be in 0...0.5, is 3.0`.
    public var reason: String

    /// Makes an error about one setting.
    public init(_ key: String, _ reason: String) {
        self.key = key
        self.reason = reason
    }
}

/// Throws unless `value` lies in `range`; the check that most settings need.
public func require<Value: Comparable & Sendable>(
    _ key: String, _ value: Value, in range: ClosedRange<Value>
) throws(InvalidSetting) {
    guard range.contains(value) else {
        throw InvalidSetting(key, "must be in \(range), is \(value)")
    }
}
