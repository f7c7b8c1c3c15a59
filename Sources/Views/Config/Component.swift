/// A part of a pipeline file: a Codable struct whose stored properties, with their defaults, are its settings.
///
/// The file writes it as `name: {setting: value}` with settings in snake_case, or `name` alone for the defaults.
public protocol Component: Codable, Sendable {
    /// Its name in pipeline files, in snake_case.
    static var name: String { get }

    /// All settings with their defaults.
    init()

    /// Throws `InvalidSetting` for a setting that is out of range; the reader adds the file and the path.
    func validate() throws(InvalidSetting)
}

extension Component {
    /// Accepts every value.
    public func validate() throws(InvalidSetting) {}
}

/// A setting whose value cannot be used.
public struct InvalidSetting: Error, Equatable, Sendable {
    /// The setting's name in the file, in snake_case; empty for the component as a whole.
    public var key: String
    /// What is wrong, as in `must be in 0...0.5, is 3.0`.
    public var reason: String

    /// An error about one setting.
    public init(_ key: String, _ reason: String) {
        self.key = key
        self.reason = reason
    }
}

/// Throws unless `value` lies in `range`.
public func require<Value: Comparable & Sendable>(
    _ key: String, _ value: Value, in range: ClosedRange<Value>
) throws(InvalidSetting) {
    guard range.contains(value) else {
        throw InvalidSetting(key, "must be in \(range), is \(value)")
    }
}
