/// The colour of what lies outside of a picture; written as one level for all channels or as `[red, green, blue]`.
public struct Fill: Codable, Hashable, Sendable {
    /// Red, green and blue, 0...255.
    public var levels: SIMD3<UInt8>

    /// One level for all channels.
    public init(_ level: UInt8 = 0) {
        levels = SIMD3(repeating: level)
    }

    /// Reads a level or three.
    public init(from decoder: any Decoder) throws {
        if let level = try? decoder.singleValueContainer().decode(UInt8.self) {
            levels = SIMD3(repeating: level)
            return
        }
        let list = try decoder.singleValueContainer().decode([UInt8].self)
        guard list.count == Image.channels else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: decoder.codingPath,
                    debugDescription: "must be a level in 0...255 or three: [red, green, blue]"))
        }
        levels = SIMD3(list[0], list[1], list[2])
    }

    /// Writes one level where the three are equal.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if levels == SIMD3(repeating: levels.x) {
            try container.encode(levels.x)
        } else {
            try container.encode([levels.x, levels.y, levels.z])
        }
    }
}
