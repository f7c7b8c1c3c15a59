import Foundation
import Testing

@testable import Views

/// One of the pictures in Fixtures/good, with the pixels that Pillow gives.
struct Picture: Sendable, CustomTestStringConvertible {
    var name: String
    var size: Size
    var hasAlpha: Bool
    var orientation: Int
    var bytes: [UInt8]
    /// `[height, width, 3]`.
    var pixels: [UInt8]

    var testDescription: String { name }

    /// Whether pixels are compared exactly.
    var isLossless: Bool { name.hasSuffix(".png") }

    /// All of them.
    static let all: [Picture] = {
        struct Entry: Decodable {
            var name: String
            var width: Int
            var height: Int
            var alpha: Bool
            var orientation: Int
        }
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/good")
        guard let index = try? Data(contentsOf: folder.appendingPathComponent("index.json")),
            let entries = try? JSONDecoder().decode([Entry].self, from: index),
            let blob = try? Data(contentsOf: folder.appendingPathComponent("pixels.bin"))
        else { return [] }
        var offset = 0
        return entries.map { entry in
            let count = entry.width * entry.height * 3
            defer { offset += count }
            return Picture(
                name: entry.name, size: Size(width: entry.width, height: entry.height), hasAlpha: entry.alpha,
                orientation: entry.orientation,
                bytes: (try? [UInt8](Data(contentsOf: folder.appendingPathComponent(entry.name)))) ?? [],
                pixels: [UInt8](blob[offset..<offset + count]))
        }
    }()

    /// One by name.
    static func named(_ name: String) -> Picture { all.first { $0.name == name } ?? all[0] }
}

extension ImageDecoder {
    /// Decodes bytes into a picture of its own.
    func decode(_ bytes: [UInt8], region: Region? = nil) throws(DecodeError) -> (image: Image, report: DecodeReport) {
        let image = Image()
        let report = try bytes.withUnsafeBufferPointer { (data: UnsafeBufferPointer<UInt8>) throws(DecodeError) in
            try decode(UnsafeRawBufferPointer(data), path: "picture", region: region, into: image)
        }
        return (image, report)
    }

    /// Reads the header of bytes.
    func header(of bytes: [UInt8]) throws(DecodeError) -> ImageHeader {
        try bytes.withUnsafeBufferPointer { (data: UnsafeBufferPointer<UInt8>) throws(DecodeError) in
            try header(of: UnsafeRawBufferPointer(data), path: "picture")
        }
    }
}

/// The pixels of a region, `[height, width, 3]`.
func crop(_ pixels: [UInt8], of size: Size, to region: Region) -> [UInt8] {
    var part: [UInt8] = []
    for y in region.y..<region.y + region.height {
        let start = (y * size.width + region.x) * 3
        part += pixels[start..<start + region.width * 3]
    }
    return part
}
