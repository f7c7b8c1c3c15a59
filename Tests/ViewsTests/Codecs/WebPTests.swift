import Foundation
import Testing

@testable import Views

@Suite("WebP")
struct WebPTests {
    static let names = [
        "lossy", "lossless", "lossy-alpha", "lossless-alpha", "orientation-6", "size-1x1", "size-17x1",
    ]

    private func file(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try Array(Data(contentsOf: folder.appending(path: "Fixtures/webp/\(name)")))
    }

    @Test(arguments: names)
    func pixelsAreThoseOfPillow(name: String) throws {
        let decoder = ImageDecoder()
        let image = try decoder.decode(file("\(name).webp")).image
        let expected = try decoder.decode(file("\(name).png")).image
        #expect(image.size == expected.size)
        let largest = zip(image.interleaved(), expected.interleaved()).map { abs(Int($0) - Int($1)) }.max() ?? 0
        // Alpha is composited here as for PNG, to within the rounding of Pillow's own.
        #expect(largest <= (name == "lossless" || name.hasPrefix("orientation") || name == "size-1x1" ? 0 : 2))
    }

    @Test(arguments: names)
    func headersTellTheFacts(name: String) throws {
        let header = try ImageDecoder().header(of: file("\(name).webp"))
        #expect(header.format == .webp && header.format.matches(name: "a.WebP"))
        #expect(header.hasAlpha == name.hasSuffix("alpha"))
        #expect(header.orientation == (name == "orientation-6" ? .rotated90 : .up))
    }

    @Test(arguments: ["lossy", "lossless", "lossy-alpha", "lossless-alpha", "orientation-6", "size-17x1"])
    func aRegionIsBitEqualToTheCropOfTheWhole(name: String) throws {
        let (decoder, bytes) = (ImageDecoder(), try file("\(name).webp"))
        let whole = try decoder.decode(bytes).image
        let (size, pixels) = (whole.size, whole.interleaved())
        var stream = RandomStream(RandomKey(seed: 3, epoch: 0, sample: 0, purpose: .trunk))
        for _ in 0..<40 {
            let w = 1 + stream.integer(below: size.width)
            let h = 1 + stream.integer(below: size.height)
            let region = Region(
                x: stream.integer(below: size.width - w + 1), y: stream.integer(below: size.height - h + 1),
                width: w, height: h)
            let part = try decoder.decode(bytes, region: region).image.interleaved()
            #expect(part == crop(pixels, of: size, to: region), "\(region)")
        }
    }

    @Test(arguments: names)
    func aFileCutShortIsAnErrorAndDamageDoesNotCrash(name: String) throws {
        let (decoder, bytes) = (ImageDecoder(), try file("\(name).webp"))
        for length in 0..<bytes.count {
            let error = #expect(throws: DecodeError.self) { try decoder.decode(Array(bytes[..<length])) }
            #expect(error.map { [.empty, .truncated, .unsupported].contains($0.kind) } == true, "\(length)")
        }
        var stream = RandomStream(RandomKey(seed: 4, epoch: 0, sample: bytes.count, purpose: .trunk))
        for _ in 0..<200 {
            var damaged = bytes
            damaged[stream.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: stream.next())
            do throws(DecodeError) { _ = try decoder.decode(damaged) } catch { #expect(!error.reason.isEmpty) }
        }
    }
}
