import CCodecs

/// How stored values of more than 8 bits become 0...255: `high_byte`, `stretch`, or `[low, high]` in YAML.
public enum Depth: Codable, Hashable, Sendable {
    /// The upper 8 bits of unsigned samples of 9 to 16 bits. Floats, signed samples and those of 32 bits are stretched.
    case highByte
    /// The smallest and the largest value of each picture become 0 and 255.
    case stretch
    /// The stored values `low` and `high` become 0 and 255; values outside are clipped.
    case range(low: Double, high: Double)

    /// Decodes a word or two numbers.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let word = try? container.decode(String.self)
        if word == "high_byte" {
            self = .highByte
        } else if word == "stretch" {
            self = .stretch
        } else if let ends = try? container.decode([Double].self), ends.count == 2, ends[0] < ends[1],
            ends.allSatisfy(\.isFinite)
        {
            self = .range(low: ends[0], high: ends[1])
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be high_byte, stretch, or two values: [low, high]")
        }
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .highByte: try container.encode("high_byte")
        case .stretch: try container.encode("stretch")
        case .range(let low, let high): try container.encode([low, high])
        }
    }

    var kind: ccodecs_depth {
        switch self {
        case .highByte: CCODECS_HIGH_BYTE
        case .stretch: CCODECS_STRETCH
        case .range: CCODECS_RANGE
        }
    }

    var low: Double { if case .range(let low, _) = self { low } else { 0 } }
    var high: Double { if case .range(_, let high) = self { high } else { 0 } }
}
