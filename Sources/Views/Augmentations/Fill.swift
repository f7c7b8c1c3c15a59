/// The colour of pixels outside of a picture; written as one value for all channels or as `[red, green, blue]`.
public struct Fill: Codable, Hashable, Sendable {
    /// Red, green and blue, 0...255.
    public var values: SIMD3<UInt8>

    /// One value for all channels.
    public init(_ value: UInt8 = 0) {
        values = SIMD3(repeating: value)
    }

    /// Decodes one value or three.
    public init(from decoder: any Decoder) throws {
        if let value = try? decoder.singleValueContainer().decode(UInt8.self) {
            values = SIMD3(repeating: value)
            return
        }
        let list = try decoder.singleValueContainer().decode([UInt8].self)
        guard list.count == Image.channels else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "must be a value in 0...255, or three: [red, green, blue]"))
        }
        values = SIMD3(list[0], list[1], list[2])
    }

    /// Encodes one value if the three are equal.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if values == SIMD3(repeating: values.x) {
            try container.encode(values.x)
        } else {
            try container.encode([values.x, values.y, values.z])
        }
    }
}
