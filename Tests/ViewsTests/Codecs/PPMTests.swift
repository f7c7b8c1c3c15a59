import Foundation
import Testing

@testable import Views

@Suite("PPM and PGM")
struct PPMTests {
    private func decode(_ text: String, _ pixels: [UInt8], region: Region? = nil) throws -> Image {
        let image = Image()
        try (Array(text.utf8) + pixels).withUnsafeBytes { bytes in
            _ = try ImageDecoder().decode(UnsafeRawBufferPointer(bytes), path: "x", region: region, into: image)
        }
        return image
    }

    @Test(arguments: ["P6 3 2 255\n", "P6\n# a comment\n3\t2 # another\r\n255 ", "P6\n3\n2\n255\n", "P6 03 002 255\n"])
    func colourIsReadAsItIs(_ header: String) throws {
        let pixels = (0..<18).map { UInt8($0 * 13) }
        let image = try decode(header, pixels)
        #expect(image.size == Size(width: 3, height: 2) && image.interleaved() == pixels)
        let part = try decode(header, pixels, region: Region(x: 1, y: 1, width: 2, height: 1))
        #expect(part.interleaved() == Array(pixels[12..<18]))
    }

    @Test func grayFillsAllPlanes() throws {
        #expect(try decode("P5 2 1 255\n", [7, 200]).interleaved() == [7, 7, 7, 200, 200, 200])
    }

    @Test(arguments: [
        ("P6 3 2 255\n", 17, DecodeError.Kind.truncated), ("P6 3 2 255", 0, .truncated), ("P6 3", 0, .truncated),
        ("P6 0 2 255\n", 0, .corrupt), ("P6 3 2 65535\n", 35, .truncated), ("P6 3 2 65536\n", 36, .unsupported),
        ("P6 3 x 255\n", 18, .corrupt),
        ("P6 999999999 999999999 255\n", 18, .truncated), ("P6 9999999999 1 255\n", 18, .corrupt),
        // 1 and 705,032,704 more than a multiple of 2^32.
        ("P6 4294967297 1 255\n", 18, .corrupt), ("P6 5000000000 1 255\n", 18, .corrupt),
        ("P6 -3 2 255\n", 18, .corrupt), ("P6 3 2 255#\n", 18, .corrupt),
        ("P3 3 2 255\n", 35, .corrupt), ("P3 3 2 255\n", 18, .truncated),
        ("P6 # no end", 0, .truncated),
    ])
    func whatIsWrongIsSaid(_ header: String, _ bytes: Int, _ kind: DecodeError.Kind) {
        do {
            _ = try decode(header, [UInt8](repeating: 1, count: bytes))
            Issue.record("was decoded")
        } catch {
            #expect((error as? DecodeError)?.kind == kind)
        }
    }
}
