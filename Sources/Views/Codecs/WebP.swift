import CCodecs

extension ImageFormat {
    /// Google's WebP.
    public static let webp = ImageFormat(rawValue: "webp")
}

/// WebP, lossy or not, through libwebp; of an animation the first frame.
enum WebP: Codec {
    static let format = ImageFormat.webp
    static let extensions = ["webp"]
    static var library: (name: String, version: String)? { ("libwebp", String(cString: ccodecs_webp_version())) }

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        data.holds(Array("RIFF".utf8)) && data.holds(Array("WEBP".utf8), at: 8)
    }

    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        guard let length = data.little32(4), length + 8 <= data.count else {
            throw Malformed(.truncated, "ends before its last chunk")
        }
        var header = try header(of: data, ccodecs_webp_header)
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
        guard var chunk = chunk("EXIF", data, end: end) else { return .up }
        // Some writers keep JPEG's opening of the segment.
        if chunk.starts(with: "Exif\0\0".utf8) { chunk = chunk.dropFirst(6) }
        return Orientation(tiff: UnsafeRawBufferPointer(rebasing: chunk))
    }

    /// The contents of the first chunk of a name.
    private static func chunk(
        _ name: String, _ data: UnsafeRawBufferPointer, end: Int
    ) -> Slice<UnsafeRawBufferPointer>? {
        var offset = 12
        while let length = data.little32(offset + 4), offset + 8 + length <= end {
            if data[offset..<offset + 4].elementsEqual(name.utf8) { return data[offset + 8..<offset + 8 + length] }
            // Chunks are padded to an even length.
            offset += 8 + length + length % 2
        }
        return nil
    }

    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8] {
        guard let chunk = chunk("ICCP", data, end: data.count) else { return [] }
        return Array(chunk)
    }
}
