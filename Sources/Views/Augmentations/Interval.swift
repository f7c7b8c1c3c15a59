/// Two bounds of a uniform draw; written as `[lower, upper]`.
public struct Interval: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The smallest value.
    public var lower: Double
    /// The largest value.
    public var upper: Double

    /// An interval from its bounds; `require` checks their order.
    public init(_ lower: Double, _ upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// Decodes `[lower, upper]`.
    public init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        lower = try list.decode(Double.self)
        upper = try list.decode(Double.self)
        guard list.isAtEnd else {
            throw DecodingError.dataCorruptedError(in: list, debugDescription: "must be two numbers: [lower, upper]")
        }
    }

    /// Encodes `[lower, upper]`.
    public func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(lower)
        try list.encode(upper)
    }

    /// As in `[0.1, 2.0]`.
    public var description: String { "[\(lower), \(upper)]" }
}

/// Throws unless both bounds of `interval` lie in `range` and are in order.
public func require(
    _ key: String, _ interval: Interval, in range: ClosedRange<Double>
) throws(InvalidSetting) {
    guard range.contains(interval.lower), range.contains(interval.upper) else {
        throw InvalidSetting(key, "must lie in \(range), is \(interval)")
    }
    guard interval.lower <= interval.upper else {
        throw InvalidSetting(key, "the lower bound must come first, is \(interval)")
    }
}

extension RandomStream {
    /// Uniform in `interval`; two draws.
    mutating func uniform(in interval: Interval) -> Double {
        uniform(in: interval.lower...max(interval.lower, interval.upper))
    }
}
