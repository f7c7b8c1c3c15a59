import Foundation
import Testing

@testable import Views

@Suite("Files that are no pictures")
struct BadFilesTests {
    private func failure(_ bytes: [UInt8], options: DecodeOptions = DecodeOptions()) -> DecodeError? {
        do throws(DecodeError) {
            _ = try ImageDecoder(options: options).decode(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        ("", DecodeError.Kind.empty, "is empty"),
        ("a text that is no picture", .unsupported, "is not in a supported format: JPEG, PNG"),
        ("GIF89a and so on", .truncated, "frame"), ("MM\0*\0\0\0\u{8}", .truncated, "cut short"),
        ("<!DOCTYPE html><html>", .unsupported, "web page"), ("\0\0\0\0\0\0\0\0", .unsupported, "zeros"),
        ("BM12", .unsupported, "is not in a supported format"),
        ("\0\0\0\u{18}ftypisom", .unsupported, "video"),
        ("version https://git-lfs.github.com/spec/v1\n", .unsupported, "Git LFS pointer"),
        ("\n  <!doctype HTML><html>", .unsupported, "web page"), ("{\"error\": 404}", .unsupported, "JSON"),
        ("<?xml version=\"1.0\"?><Error><Code>AccessDenied", .unsupported, "XML; no picture was downloaded"),
        ("<?xml version=\"1.0\"?>\n<svg>", .unsupported, "SVG"), ("%PDF-1.4", .unsupported, "PDF"),
        ("<!-- drawn by X -->\n<svg width=\"1\">", .unsupported, "SVG"),
        ("<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\">", .unsupported, "SVG"),
        ("PK\u{3}\u{4}", .unsupported, "ZIP"), ("8BPS", .unsupported, "PSD"), ("\0\0\u{1}\0", .unsupported, "ICO"),
        ("\0\0\0\u{C}jP  \r\n", .unsupported, "JPEG 2000"), ("\0\0\0\u{C}JXL \r\n", .unsupported, "JPEG XL"),
        ("P4 8 8 x", .truncated, "cut short"),
        ("BMW is a car and no picture at all", .unsupported, "is not in a supported format"),
    ])
    func otherThingsAreNamed(text: String, kind: DecodeError.Kind, said: String) {
        let error = failure(Array(text.utf8))
        #expect(error?.kind == kind)
        #expect(error?.path == "picture")
        #expect(error?.reason.contains(said) == true, "\(error?.reason ?? "")")
        #expect(error?.description.contains("\n") == false)
    }

    @Test(
        "Pictures that Pillow writes and Views does not read are named",
        arguments: [
            ("blp", "BLP"), ("dds", "DDS"), ("eps", "EPS"), ("ico", "ICO"), ("im", "an IM"), ("j2k", "JPEG 2000"),
            ("jp2", "JPEG 2000"), ("msp", "MSP"), ("palette.tga", "TGA"), ("pcx", "PCX"), ("pdf", "a PDF"),
            ("qoi", "QOI"),
            ("rle.tga", "TGA"), ("sgi", "SGI"), ("spider", "SPIDER"), ("tga", "TGA"), ("xbm", "XBM"),
        ])
    func foreignPicturesAreNamed(ending: String, name: String) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = try Data(contentsOf: folder.appending(path: "Fixtures/foreign/picture.\(ending)"))
        let error = failure(Array(file))
        #expect(error?.kind == .unsupported && error?.reason.contains(name) == true, "\(error?.reason ?? "")")
        #expect(error?.reason.contains(ending == "pdf" ? "take its pictures" : "convert it to .jpg or .png") == true)
    }

    @Test(arguments: [
        ("II*\0\u{10}\0\0\0CR\u{2}\0", "CR2"), ("\0\0\u{2}\0\u{1}\0  ", "CUR"), ("icns", "ICNS"),
        ("SIMPLE  =  T", "FITS"), ("/* XPM */", "XPM"),
        ("P7 332\n", "XV"), ("PF\n3 2\n-1\n", "PFM"), ("IIRO", "ORF"), ("FUJIFILMCCD-RAW", "RAF"), ("IIU\0", "RW2"),
        ("\0\0\0\0\0\0\0\u{4}", "McIDAS"), ("GRIB", "GRIB"), ("%!PS-Adobe", "EPS"),
    ])
    func headsOfForeignPicturesAreNamed(head: String, name: String) {
        let reason = failure(Array(head.utf8))?.reason ?? ""
        #expect(reason.contains(name), "\(reason)")
    }

    @Test func headsThatAreNoTextAreNamed() {
        let zeros = [UInt8](repeating: 0, count: 130)
        let heads: [(head: [UInt8], name: String)] = [
            ([0xD7, 0xCD, 0xC6, 0x9A], "WMF"), ([0x59, 0xA6, 0x6A, 0x95], "Sun"), ([0xB1, 0x68, 0xDE, 0x3A], "DCX"),
            ([0, 0, 1, 0xB3], "a video"), ([200, 0, 0, 0, 0x12, 0xAF] + zeros, "FLIC"), ([0xFF, 0x0A], "JPEG XL"),
            ([1, 0, 0, 0] + zeros.prefix(36) + Array(" EMF".utf8), "EMF"),
        ]
        for (head, name) in heads {
            let reason = failure(head)?.reason ?? ""
            #expect(reason.contains(name), "\(reason)")
        }
    }

    @Test(arguments: [
        ("ftypheic", true, false), ("ftyphevc", true, false), ("ftypmif1\0\0\0\0mif1heic", true, false),
        ("ftypavif", false, true), ("ftypavis", false, true), ("ftypmif1\0\0\0\0mif1avif", false, true),
        ("ftypisom", false, false), ("ftypcrx ", false, false),
    ])
    func brandsTellHEICFromAVIFAndVideos(brands: String, isHEIC: Bool, isAVIF: Bool) {
        let file = Array("\0\0\0\u{18}\(brands)".utf8)
        file.withUnsafeBytes { data in
            #expect(HEIC.recognizes(data) == isHEIC && AVIF.recognizes(data) == isAVIF)
        }
        // Without libheif it is named, with what to install; with it, it is damaged.
        guard isHEIC || isAVIF else { return }
        let error = failure(file)
        let isAvailable = isAVIF ? AVIF.isAvailable : HEIC.isAvailable
        #expect(error != nil && error?.reason.contains("install libheif1") == !isAvailable, "\(error?.reason ?? "")")
    }

    /// A cut anywhere is an error, but for a JPEG whose pixels are all there: then it is decoded, to the same pixels.
    @Test(arguments: Picture.all)
    func aFileCutShortIsNeverAPartlyGrayPicture(picture: Picture) throws {
        let decoder = ImageDecoder()
        let whole = try decoder.decode(picture.bytes).image.interleaved()
        for length in 0..<picture.bytes.count {
            let cut = Array(picture.bytes[..<length])
            do throws(DecodeError) {
                let (image, report) = try decoder.decode(cut)
                // The last bits of the last block and the end marker may be missing; PNG has a last chunk.
                #expect(!picture.isLossless && length >= picture.bytes.count - 4, "\(length) of \(picture.bytes.count)")
                #expect(report.warnings > 0)
                #expect(image.interleaved() == whole, "\(length) of \(picture.bytes.count)")
            } catch {
                #expect([.empty, .truncated, .corrupt, .unsupported].contains(error.kind))
            }
        }
    }

    @Test(arguments: Picture.all)
    func damageNeitherCrashesNorHangs(picture: Picture) {
        var stream = RandomStream(RandomKey(seed: 2, epoch: 0, sample: picture.bytes.count, purpose: .trunk))
        let decoder = ImageDecoder(options: DecodeOptions(maximumPixels: 100_000))
        for _ in 0..<300 {
            var bytes = picture.bytes
            for _ in 0...stream.integer(below: 4) {
                bytes[stream.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: stream.next())
            }
            if stream.chance(0.2) { bytes.removeSubrange(..<stream.integer(below: bytes.count)) }
            do throws(DecodeError) {
                let (image, _) = try decoder.decode(bytes)
                #expect(image.size.area <= 100_000)
            } catch {
                #expect(!error.reason.isEmpty)
                #expect(!error.reason.contains("\n"))
            }
        }
    }

    @Test func tooManyPixelsAreRefusedBeforeMemoryIsTaken() {
        // 4 billion by 4 billion in one header; a limit that came after the allocation would end the process.
        var png = Picture.named("rgb-8.png").bytes
        png.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
        #expect(failure(png)?.kind == .tooLarge)
        png.replaceSubrange(16..<24, with: [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF])
        #expect(failure(png)?.kind == .corrupt)
        png.replaceSubrange(16..<24, with: [0, 0, 0, 0, 0, 0, 0, 1])
        #expect(failure(png)?.kind == .corrupt)
        var jpeg = Picture.named("baseline-420.jpg").bytes
        let frame = jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 } ?? 0
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
        #expect(failure(jpeg)?.kind == .tooLarge)
        let options = DecodeOptions(maximumPixels: 45 * 31 - 1)
        #expect(failure(Picture.named("gray.jpg").bytes, options: options)?.kind == .tooLarge)
        #expect(failure(Picture.named("gray.jpg").bytes, options: DecodeOptions(maximumPixels: 45 * 31)) == nil)
    }

    @Test func aTileFarLargerThanThePictureIsRefused() {
        /// A TIFF of one gray pixel in a tile of this size.
        func pixel(tile width: UInt32, _ height: UInt32) -> [UInt8] {
            let entries: [(tag: UInt32, value: UInt32)] = [
                (256, 1), (257, 1), (258, 8), (259, 1), (262, 1), (277, 1), (322, width), (323, height),
                (324, 8 + 2 + 10 * 12 + 4), (325, 256),
            ]
            let words = entries.flatMap { [$0.tag | 4 << 16, 1, $0.value] }
            func bytes(_ word: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
            let head = [0x49, 0x49, 42, 0] + bytes(8) + [UInt8(entries.count), 0]
            return head + words.flatMap(bytes) + bytes(0) + [UInt8](repeating: 77, count: 256)
        }
        #expect(failure(pixel(tile: 16, 16)) == nil)
        let error = failure(pixel(tile: 32768, 16384))
        #expect(error?.kind == .unsupported)
        #expect(
            error?.reason.contains("tiles that are far larger than the picture") == true, "\(error?.reason ?? "")")
    }

    @Test func aJPEGWhoseFramesDisagreeIsCorrupt() throws {
        let first = Picture.named("baseline-444.jpg").bytes
        let second = Picture.named("size-16x16.jpg").bytes
        let frame = first.indices.first { first[$0] == 0xFF && first[$0 + 1] == 0xC0 } ?? 0
        let other = second.indices.first { second[$0] == 0xFF && second[$0 + 1] == 0xC0 } ?? 0
        let length = Int(second[other + 2]) << 8 | Int(second[other + 3])
        let both = first[..<frame] + second[other..<other + 2 + length] + first[frame...]
        #expect(failure(Array(both))?.kind == .corrupt)
    }

    @Test func aJPEGOfVeryManyScansIsRefused() throws {
        let file = Picture.named("progressive-444.jpg").bytes
        // The first scan, of every component's coarsest bits, may come again and again.
        let scans = file.indices.filter { file[$0] == 0xFF && $0 + 1 < file.count && file[$0 + 1] == 0xDA }
        let tables = file[scans[0]..<scans[1]].lastIndex { $0 == 0xC4 } ?? scans[1]
        let many = file[..<scans[0]] + Array(repeating: file[scans[0]..<tables - 1], count: 600).joined()
        let error = failure(Array(many) + file[scans[0]...])
        #expect(error?.kind == .corrupt)
        #expect(error?.reason.contains("500 scans") == true, "\(error?.reason ?? "")")
    }

    @Test func aPNGWithADamagedChecksumIsCorrupt() {
        var bytes = Picture.named("rgb-8.png").bytes
        let data = bytes.indices.first { Array(bytes[$0..<min($0 + 4, bytes.count)]) == Array("IDAT".utf8) } ?? 0
        bytes[data + 20] ^= 0xFF
        #expect(failure(bytes)?.kind == .corrupt)
    }
}
