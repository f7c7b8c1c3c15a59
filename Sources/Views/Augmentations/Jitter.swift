/// How far a factor or shift may be from the neutral value; written as a number or as `[lower, upper]`.
public enum Jitter: Codable, Hashable, Sendable {
    /// The distance to either side.
    case magnitude(Double)
    /// The bounds themselves.
    case range(Interval)

    /// Decodes a number or `[lower, upper]`.
    public init(from decoder: any Decoder) throws {
        if let number = try? decoder.singleValueContainer().decode(Double.self) {
            self = .magnitude(number)
        } else {
            self = .range(try Interval(from: decoder))
        }
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .magnitude(let number):
            var container = encoder.singleValueContainer()
            try container.encode(number)
        case .range(let interval): try interval.encode(to: encoder)
        }
    }

    /// The bounds of a factor, around 1 and not below 0.
    var factors: Interval {
        switch self {
        case .magnitude(let number): Interval(max(0, 1 - number), 1 + number)
        case .range(let interval): interval
        }
    }

    /// The bounds of a shift, around 0.
    var shifts: Interval {
        switch self {
        case .magnitude(let number): Interval(-number, number)
        case .range(let interval): interval
        }
    }

    func validate(_ key: String, largest: Double, in range: ClosedRange<Double>) throws(InvalidSetting) {
        switch self {
        case .magnitude(let number): try require(key, number, in: 0...largest)
        case .range(let interval): try require(key, interval, in: range)
        }
    }
}
