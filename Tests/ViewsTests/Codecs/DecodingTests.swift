import Foundation
import Testing

@testable import Views

@Suite("Decoding")
struct DecodingTests {
    @Test func theFixturesAreThere() {
        #expect(Picture.all.count == 76)
        #expect(Picture.all.allSatisfy { !$0.bytes.isEmpty })
    }

    @Test(arguments: Picture.all)
    func pixelsAreThoseOfPillow(picture: Picture) throws {
        let (image, _) = try ImageDecoder().decode(picture.bytes)
        #expect(image.size == picture.size)
        let largest = zip(image.interleaved(), picture.pixels).map { abs(Int($0) - Int($1)) }.max() ?? 0
        #expect(largest <= (picture.isLossless ? 0 : 2))
    }

    @Test(arguments: Picture.all)
    func headersTellTheFactsBeforeThePixels(picture: Picture) throws {
        let header = try ImageDecoder().header(of: picture.bytes)
        #expect(header.size == picture.size)
        #expect(header.hasAlpha == picture.hasAlpha)
        #expect(header.orientation.rawValue == picture.orientation)
        #expect(header.format == (picture.isLossless ? .png : .jpeg))
        #expect(header.format.matches(name: picture.name))
        #expect(!header.format.matches(name: "picture.heic"))
    }

    @Test(arguments: Picture.all)
    func aRegionIsBitEqualToTheCropOfTheWhole(picture: Picture) throws {
        let decoder = ImageDecoder()
        let whole = try decoder.decode(picture.bytes).image.interleaved()
        var stream = RandomStream(RandomKey(seed: 1, epoch: 0, sample: picture.bytes.count, purpose: .trunk))
        let (width, height) = (picture.size.width, picture.size.height)
        for turn in 0..<60 {
            let w = turn % 7 == 0 ? width : 1 + stream.integer(below: width)
            let h = turn % 5 == 0 ? height : 1 + stream.integer(below: height)
            let region = Region(
                x: turn % 3 == 0 ? width - w : stream.integer(below: width - w + 1),
                y: turn % 4 == 0 ? height - h : stream.integer(below: height - h + 1), width: w, height: h)
            let (image, _) = try decoder.decode(picture.bytes, region: region)
            #expect(image.whole == picture.size)
            #expect(image.window == region)
            #expect(image.interleaved() == crop(whole, of: picture.size, to: region), "\(region)")
        }
    }

    @Test func oneDecoderForAllFilesEqualsOneForEach() throws {
        let decoder = ImageDecoder()
        for picture in Picture.all + Picture.all.reversed() {
            #expect(
                try decoder.decode(picture.bytes).image.interleaved()
                    == ImageDecoder().decode(picture.bytes).image.interleaved())
        }
    }

    @Test func alphaIsCompositedOnTheBackgroundAskedFor() throws {
        let picture = Picture.named("rgba-8.png")
        func pixel(_ background: Background) throws -> [UInt8] {
            let options = DecodeOptions(background: background)
            return try ImageDecoder(options: options).decode(picture.bytes).image.interleaved()
        }
        // c a + b (1 - a) is linear in b, so the mean of black's and white's is gray's.
        let (black, gray, white) = (try pixel(.black), try pixel(.gray), try pixel(.white))
        for index in black.indices {
            let expected = Double(black[index]) + (Double(white[index]) - Double(black[index])) * 128 / 255
            #expect(abs(Double(gray[index]) - expected) <= 1)
        }
        #expect(black != white)
    }

    @Test func aRegionOutsideOfThePictureIsRefused() throws {
        let decoder = ImageDecoder()
        for region in [
            Region(x: 40, y: 0, width: 6, height: 1), Region(x: -1, y: 0, width: 2, height: 2),
            Region(x: 0, y: 0, width: 0, height: 4), Region(x: 0, y: 31, width: 1, height: 1),
        ] {
            #expect(throws: DecodeError.self) {
                try decoder.decode(Picture.named("baseline-420.jpg").bytes, region: region)
            }
        }
    }

    @Test func formatsAreToldApartByContent() throws {
        // Names play no part: the decoder sees bytes. A PNG named .jpg is used, and scanning says that it is misnamed.
        let header = try ImageDecoder().header(of: Picture.named("rgb-8.png").bytes)
        #expect(header.format == .png)
        #expect(!header.format.matches(name: "photo.jpg"))
        #expect(ImageFormat.jpeg.matches(name: "a.b.JPeG"))
        #expect(!ImageFormat.jpeg.matches(name: "jpeg"))
    }

    @Test func writtenPicturesAreReadBack() throws {
        for size in [Size(width: 1, height: 1), Size(width: 37, height: 5)] {
            let pixels = (0..<size.area * 3).map { UInt8(truncatingIfNeeded: $0 &* 37) }
            let bytes = try PNGWriter.encode(Image(size: size, interleaved: pixels))
            #expect(try ImageDecoder().decode(bytes).image.interleaved() == pixels)
        }
        #expect(throws: DecodeError.self) { try PNGWriter.encode(Image()) }
    }

    @Test func theLibrariesHaveVersions() {
        let versions = BuildInfo.versions
        #expect(versions.count >= 2)
        #expect(versions.values.allSatisfy { $0.contains(".") })
    }
}
