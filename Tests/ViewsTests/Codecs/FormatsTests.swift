import Foundation
import Testing

@testable import Views

/// One of the files in Fixtures/formats, with the pixels that it stands for.
struct FormatFixture: Sendable, CustomTestStringConvertible {
    struct Entry: Decodable {
        var name: String
        var width: Int
        var height: Int
        var tolerance: Int
        var depth: Depth?
        var page: Int
        var alpha: Bool
        var orientation: Int
        var more: Bool
        var color: ColorMode
    }

    var entry: Entry
    var bytes: [UInt8]
    /// `[height, width, 3]`.
    var pixels: [UInt8]

    var size: Size { Size(width: entry.width, height: entry.height) }

    var testDescription: String { "\(entry.name) \(entry.depth.map { "\($0)" } ?? "") \(entry.page) \(entry.color)" }

    var decoder: ImageDecoder {
        var options = DecodeOptions()
        options.depth = entry.depth ?? .highByte
        options.page = entry.page
        options.color = entry.color
        return ImageDecoder(options: options)
    }

    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/formats")

    static let all: [FormatFixture] = {
        guard let index = try? Data(contentsOf: folder.appendingPathComponent("index.json")),
            let entries = try? JSONDecoder().decode([Entry].self, from: index),
            let blob = try? Data(contentsOf: folder.appendingPathComponent("pixels.bin"))
        else { return [] }
        var offset = 0
        return entries.map { entry in
            let count = entry.width * entry.height * 3
            defer { offset += count }
            let bytes = (try? [UInt8](Data(contentsOf: folder.appendingPathComponent(entry.name)))) ?? []
            return FormatFixture(entry: entry, bytes: bytes, pixels: [UInt8](blob[offset..<offset + count]))
        }
        .filter { fixture in
            // HEIC and AVIF are read where their library is.
            BuildInfo.formats.contains { $0.matches(name: fixture.entry.name) } && fixture.entry.color.isAvailable
        }
    }()
}

@Suite("Formats")
struct FormatsTests {
    @Test func theFixturesAreThere() {
        #expect(FormatFixture.all.count >= 87)
        #expect(FormatFixture.all.allSatisfy { !$0.bytes.isEmpty })
    }

    @Test(arguments: FormatFixture.all)
    func pixelsAreThoseOfPillow(fixture: FormatFixture) throws {
        let (image, _) = try fixture.decoder.decode(fixture.bytes)
        #expect(image.size == fixture.size)
        let largest = zip(image.interleaved(), fixture.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(largest <= fixture.entry.tolerance)
    }

    @Test func whatIsNotDecodedIsNotConverted() throws {
        // Colours are converted where the library for it is.
        let name = "p3.png"
        guard let fixture = FormatFixture.all.first(where: { $0.entry.name == name && $0.entry.color == .srgb }) else {
            return
        }
        let cut = fixture.bytes.dropLast(fixture.bytes.count / 4)
        let pixels = try [ImageDecoder(), fixture.decoder].map { decoder in
            let image = Image()
            _ = try fixture.bytes.withUnsafeBytes { try ImageDecoder().decode($0, path: "whole", into: image) }
            #expect(throws: DecodeError.self) {
                try cut.withUnsafeBytes { try decoder.decode($0, path: "cut", into: image) }
            }
            return image.interleaved()
        }
        #expect(pixels[0] == pixels[1])
    }

    @Test(arguments: FormatFixture.all)
    func headersTellTheFactsBeforeThePixels(fixture: FormatFixture) throws {
        let header = try fixture.decoder.header(of: fixture.bytes)
        #expect(header.size == fixture.size)
        #expect(header.hasAlpha == fixture.entry.alpha)
        #expect(header.orientation.rawValue == fixture.entry.orientation)
        #expect(header.hasMore == fixture.entry.more)
        #expect(header.format.matches(name: fixture.entry.name))
    }

    @Test(arguments: FormatFixture.all)
    func aRegionIsBitEqualToTheCropOfTheWhole(fixture: FormatFixture) throws {
        let (decoder, size) = (fixture.decoder, fixture.size)
        let whole = try decoder.decode(fixture.bytes).image.interleaved()
        var stream = RandomStream(RandomKey(seed: 5, epoch: 0, sample: fixture.bytes.count, purpose: .trunk))
        for _ in 0..<20 {
            let w = 1 + stream.integer(below: size.width)
            let h = 1 + stream.integer(below: size.height)
            let region = Region(
                x: stream.integer(below: size.width - w + 1), y: stream.integer(below: size.height - h + 1),
                width: w, height: h)
            let part = try decoder.decode(fixture.bytes, region: region).image.interleaved()
            #expect(part == crop(whole, of: size, to: region), "\(region)")
        }
    }

    /// A cut is an error, but where all pixels are there: behind them lie other pictures, or nothing that is needed.
    @Test(arguments: FormatFixture.all)
    func aFileCutShortIsAnErrorOrTheWholePicture(fixture: FormatFixture) throws {
        // A profile that is gone leaves other colours.
        guard fixture.entry.color == .stored else { return }
        let decoder = fixture.decoder
        let whole = try decoder.decode(fixture.bytes).image.interleaved()
        for length in stride(from: 0, to: fixture.bytes.count, by: 1 + fixture.bytes.count / 600) {
            do throws(DecodeError) {
                let (image, _) = try decoder.decode(Array(fixture.bytes[..<length]))
                // The last number of a text may be shorter.
                let isText = fixture.entry.name.hasPrefix("text") && length >= fixture.bytes.count - 6
                #expect(isText || image.interleaved() == whole, "\(length) of \(fixture.bytes.count)")
            } catch {
                #expect([.empty, .truncated, .corrupt, .unsupported].contains(error.kind), "\(error)")
            }
        }
    }

    @Test(arguments: FormatFixture.all)
    func damageNeitherCrashesNorHangs(fixture: FormatFixture) {
        var stream = RandomStream(RandomKey(seed: 6, epoch: 0, sample: fixture.bytes.count, purpose: .trunk))
        let decoder = ImageDecoder(options: DecodeOptions(maximumPixels: 100_000))
        for _ in 0..<100 {
            var bytes = fixture.bytes
            for _ in 0...stream.integer(below: 4) {
                bytes[stream.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: stream.next())
            }
            do throws(DecodeError) {
                let (image, _) = try decoder.decode(bytes)
                #expect(image.size.area <= 100_000)
            } catch {
                #expect(!error.reason.isEmpty && !error.reason.contains("\n"))
            }
        }
    }

    @Test func aPageThatThereIsNotIsNamed() throws {
        let fixture = try #require(FormatFixture.all.first { $0.entry.name == "pages.tif" })
        var options = DecodeOptions()
        options.page = 2
        let error = #expect(throws: DecodeError.self) { try ImageDecoder(options: options).decode(fixture.bytes) }
        #expect(error?.reason.contains("no page 2, counted from 0 (views.page)") == true, "\(error?.reason ?? "")")
    }

    @Test(arguments: ["high_byte", "stretch", "[0, 4095]", "[-1.5, 2]"])
    func depthsAreReadAndWritten(_ text: String) throws {
        let yaml = "views: {depth: \(text), page: 3}"
        let settings = try ConfigurationReader(file: "x", text: yaml).read(ViewConfiguration.self, section: "views")
        #expect(settings.page == 3 && settings.decoding.page == 3 && settings.decoding.depth == settings.depth)
        let data = try JSONEncoder().encode([settings.depth])
        #expect(try JSONDecoder().decode([Depth].self, from: data) == [settings.depth])
    }

    @Test(arguments: ["low_byte", "[1]", "[5, 5]", "[9, 3]", "12"])
    func otherDepthsAreRefused(_ text: String) throws {
        let reader = try ConfigurationReader(file: "x", text: "views: {depth: \(text)}")
        let error = #expect(throws: ConfigurationError.self) {
            try reader.read(ViewConfiguration.self, section: "views")
        }
        #expect(error?.description.contains("high_byte, stretch, or two values") == true, "\(error.debugDescription)")
    }

    /// Canon's raw pictures have these letters in the same place, after a head that others have not.
    @Test("A TIFF whose first pixels are the letters CR is read", arguments: [false, true])
    func pixelsThatSpellAMark(isBigEndian: Bool) throws {
        let pixels: [UInt8] = [0x43, 0x52, 2, 0]
        func bytes(_ value: Int, _ count: Int) -> [UInt8] {
            let little = (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) }
            return isBigEndian ? little.reversed() : little
        }
        let entries = [
            (256, 3, 2), (257, 3, 2), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 3, 2), (279, 4, 4),
        ]
        var file = Array((isBigEndian ? "MM" : "II").utf8) + bytes(42, 2) + bytes(12, 4) + pixels
        file += bytes(entries.count, 2)
        for (tag, type, value) in entries {
            file += bytes(tag, 2) + bytes(type, 2) + bytes(1, 4)
            file += type == 3 ? bytes(value, 2) + [0, 0] : bytes(value, 4)
        }
        file += bytes(0, 4)
        let image = try ImageDecoder().decode(file).image
        #expect(image.interleaved() == pixels.flatMap { [$0, $0, $0] })
    }
}
