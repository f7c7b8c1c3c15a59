import Foundation
import Testing

@testable import Views

/// Our entropy decoder and colour conversion beside libjpeg's, which `DecodeOptions.libraryOnly` leaves the work to.
@Suite("Own JPEG decoding")
struct OwnDecodingTests {
    private let own = ImageDecoder()
    private let library: ImageDecoder = {
        var options = DecodeOptions()
        options.libraryOnly = true
        return ImageDecoder(options: options)
    }()

    /// The pixels, or what kind of error there is.
    private func outcome(_ decoder: ImageDecoder, _ bytes: [UInt8], _ region: Region?) -> Result<[UInt8], DecodeError> {
        Result { () throws(DecodeError) in try decoder.decode(bytes, region: region).image.interleaved() }
    }

    static let pictures = Picture.all.filter { !$0.isLossless }

    @Test func ourPartsTakeLibjpegsPlacesWhereTheLibraryIsThatOfTheHeaders() {
        #expect(BuildInfo.hooksLibjpeg)
    }

    @Test(arguments: pictures)
    func partsAreThoseOfTheLibrary(picture: Picture) throws {
        var stream = RandomStream(RandomKey(seed: 2, epoch: 0, sample: picture.bytes.count, purpose: .trunk))
        for _ in 0..<100 {
            let (width, height) = (
                1 + stream.integer(below: picture.size.width), 1 + stream.integer(below: picture.size.height)
            )
            let region = Region(
                x: stream.integer(below: picture.size.width - width + 1),
                y: stream.integer(below: picture.size.height - height + 1), width: width, height: height)
            let expected = try library.decode(picture.bytes, region: region).image.interleaved()
            #expect(try own.decode(picture.bytes, region: region).image.interleaved() == expected, "\(region)")
        }
    }

    /// Damage ends in the same error or in the same pixels: one byte changed, one left out, or the end missing.
    @Test(arguments: pictures)
    func damagedFilesAreReadAsTheLibraryReadsThem(picture: Picture) throws {
        var stream = RandomStream(RandomKey(seed: 3, epoch: 0, sample: picture.bytes.count, purpose: .trunk))
        var kinds = Set<String>()
        for turn in 0..<300 {
            var bytes = picture.bytes
            let place = stream.integer(below: bytes.count)
            switch turn % 3 {
            case 0: bytes[place] = UInt8(stream.integer(below: 256))
            case 1: bytes.remove(at: place)
            default: bytes.removeLast(place)
            }
            let expected = outcome(library, bytes, nil)
            #expect(outcome(own, bytes, nil) == expected, "turn \(turn)")
            if case .failure(let error) = expected { kinds.insert("\(error.kind)") } else { kinds.insert("read") }
        }
        #expect(kinds.count > 1)
    }

    @Test(.enabled(if: Photographs.folder != nil, "the ImageNet sample photographs are not here"))
    func thousandsOfPartsOfPhotographsAreThoseOfTheWhole() throws {
        let folder = try #require(Photographs.folder)
        var stream = RandomStream(RandomKey(seed: 4, epoch: 0, sample: 0, purpose: .trunk))
        for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
            let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder + "/" + name)))
            let whole = try library.decode(bytes).image
            let pixels = whole.interleaved()
            for _ in 0..<20 {
                let (width, height) = (
                    1 + stream.integer(below: whole.size.width), 1 + stream.integer(below: whole.size.height)
                )
                let region = Region(
                    x: stream.integer(below: whole.size.width - width + 1),
                    y: stream.integer(below: whole.size.height - height + 1), width: width, height: height)
                let same =
                    try own.decode(bytes, region: region).image.interleaved()
                    == crop(pixels, of: whole.size, to: region)
                #expect(same, "\(name) \(region)")
            }
        }
    }
}

/// Photographs that a developer has and the repository has not: the folder that DIPTYCH_PHOTOGRAPHS names.
enum Photographs {
    static let folder = ProcessInfo.processInfo.environment["DIPTYCH_PHOTOGRAPHS"].flatMap {
        FileManager.default.fileExists(atPath: $0) ? $0 : nil
    }
}
