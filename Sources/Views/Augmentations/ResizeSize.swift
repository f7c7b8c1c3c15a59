/// The size to which a picture is resized, as files write it: a number, or `[height, width]`.
public enum ResizeSize: Codable, Hashable, Sendable {
    /// The shorter side; the longer one follows.
    case shorter(Int)
    /// Both sides; the aspect ratio is not kept.
    case both(Size)

    /// Decodes one number or two.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let side = try? container.decode(Int.self) {
            self = .shorter(side)
        } else if let sides = try? container.decode([Int].self), sides.count == 2 {
            self = .both(Size(width: sides[1], height: sides[0]))
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "must be a whole number, or two: [height, width]")
        }
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .shorter(let side): try container.encode(side)
        case .both(let size): try container.encode([size.height, size.width])
        }
    }
}
