import Foundation
import Testing

@testable import Views

/// The pictures and results that Fixtures/torchvision/generate.py wrote.
struct TorchvisionFixture: Decodable {
    struct Place: Decodable {
        var offset: Int
        var width: Int
        var height: Int
    }

    struct Case: Decodable, CustomTestStringConvertible, Sendable {
        var name: String
        var picture: String
        var settings: JSON
        var parameters: JSON
        var expected: Place

        var testDescription: String { "\(name) of \(picture) with \(parameters) and \(settings)" }
    }

    var pictures: [String: Place]
    /// RandAugment's: for each operation those of 31 bins for 61x47, and of 10 bins for 250x188.
    var strengths: [String: [[Double]]]
    var cases: [Case]

    static let shared: TorchvisionFixture? = {
        guard let data = try? Data(contentsOf: folder.appending(path: "cases.json")) else { return nil }
        return try? JSONDecoder().decode(TorchvisionFixture.self, from: data)
    }()

    private static let pixels = (try? Data(contentsOf: folder.appending(path: "pixels.bin"))).map { [UInt8]($0) } ?? []

    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/torchvision")

    /// The planes of a stored picture.
    static func image(_ place: Place) -> Image {
        let size = Size(width: place.width, height: place.height)
        let image = Image()
        image.reshape(to: size)
        for index in 0..<size.area * Image.channels { image.plane(0)[index] = pixels[place.offset + index] }
        return image
    }
}

/// Any JSON value, kept to be decoded again as the type that an augmentation wants.
enum JSON: Codable, CustomStringConvertible {
    case number(Double)
    case string(String)
    case list([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: JSONEncoder().encode(self))
    }

    var description: String {
        (try? String(decoding: JSONEncoder().encode(self), as: UTF8.self)) ?? "?"
    }
}

/// How far two pictures of one size are apart.
func difference(_ a: Image, _ b: Image) -> (most: Int, mean: Double) {
    let count = a.size.area * Image.channels
    var (most, sum) = (0, 0)
    for index in 0..<count {
        let apart = abs(Int(a.plane(0)[index]) - Int(b.plane(0)[index]))
        most = max(most, apart)
        sum += apart
    }
    return (most, Double(sum) / Double(max(1, count)))
}
