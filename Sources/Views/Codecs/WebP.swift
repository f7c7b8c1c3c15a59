#if WEBP
import CCodecs

/// WebP, lossy or not, through libwebp; an animation is refused: its first picture is not what the file is about.
enum WebP: Codec {
    static let format = ImageFormat.webp

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count >= 12 && data.prefix(4).elementsEqual("RIFF".utf8)
            && data[8..<12].elementsEqual("WEBP".utf8)
    }

    static func header(of data: UnsafeRawBufferPointer) throws(Malformed) -> ImageHeader {
        guard let length = little32(data, at: 4), length + 8 <= data.count else {
            throw Malformed(.truncated, "ends before its last chunk")
        }
        var facts = ccodecs_webp_facts()
        var report = ccodecs_report()
        let bytes = data.bindMemory(to: UInt8.self).baseAddress
        switch ccodecs_webp_header(bytes, data.count, &facts, &report) {
        case CCODECS_OK: break
        case CCODECS_TRUNCATED: throw .cutShort
        case CCODECS_UNSUPPORTED: throw Malformed(.unsupported, "is not supported: \(report.text)")
        default: throw Malformed(.corrupt, "is damaged: \(report.text)")
        }
        guard !facts.animated else { throw Malformed(.unsupported, "is an animation") }
        var header = ImageHeader(format: .webp, stored: Size(width: Int(facts.width), height: Int(facts.height)))
        header.hasAlpha = facts.alpha
        header.orientation = orientation(data, end: length + 8)
        return header
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_webp_decode(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }

    /// From the chunk of EXIF, which follows the pixels.
    private static func orientation(_ data: UnsafeRawBufferPointer, end: Int) -> Orientation {
        var offset = 12
        while let length = little32(data, at: offset + 4), offset + 8 + length <= end {
            if data[offset..<offset + 4].elementsEqual("EXIF".utf8) {
                var chunk = data[offset + 8..<offset + 8 + length]
                // Some writers keep JPEG's opening of the segment.
                if chunk.starts(with: "Exif\0\0".utf8) { chunk = chunk.dropFirst(6) }
                return Orientation(tiff: UnsafeRawBufferPointer(rebasing: chunk))
            }
            // Chunks are padded to an even length.
            offset += 8 + length + length % 2
        }
        return .up
    }

    private static func little32(_ data: UnsafeRawBufferPointer, at offset: Int) -> Int? {
        data.big32(offset).map { Int(UInt32(truncatingIfNeeded: $0).byteSwapped) }
    }
}
#endif
