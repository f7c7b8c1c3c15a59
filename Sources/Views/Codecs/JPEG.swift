import CCodecs

extension ImageFormat {
    /// ISO 10918-1.
    public static let jpeg = ImageFormat(rawValue: "jpeg")
}

/// JPEG: baseline, extended and progressive, Huffman or arithmetic, 8 bits, 1, 3 or 4 components, through
/// libjpeg-turbo.
enum JPEG: Codec {
    static let format = ImageFormat.jpeg
    static let extensions = ["jpg", "jpeg", "jpe", "jfif", "jif", "mpo"]
    static var library: (name: String, version: String)? { ("libjpeg", String(cString: ccodecs_jpeg_version())) }

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count >= 3 && data[0] == 0xFF && data[1] == 0xD8 && data[2] == 0xFF
    }

    /// Reads the marker segments up to the frame header. The first EXIF segment gives the orientation.
    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        var orientation: Orientation?
        var hasMore = false
        var offset = 2
        while true {
            guard offset < data.count else { throw .cutShort }
            // Like other decoders, this skips junk between segments. Markers may be padded.
            guard data[offset] == 0xFF, offset + 1 < data.count, data[offset + 1] != 0, data[offset + 1] != 0xFF else {
                offset += 1
                continue
            }
            let marker = data[offset + 1]
            if marker == 0x01 || (0xD0...0xD8).contains(marker) {
                offset += 2
                continue
            }
            if marker == 0xD9 || marker == 0xDA { throw Malformed(.corrupt, "has no frame header before its data") }
            guard let length = data.big16(offset + 2) else { throw .cutShort }
            guard length >= 2 else { throw Malformed(.corrupt, "has a marker segment of \(length) bytes") }
            let segment = offset + 4..<offset + 2 + length
            if isFrame(marker) {
                guard let height = data.big16(segment.lowerBound + 1), let width = data.big16(segment.lowerBound + 3)
                else { throw .cutShort }
                guard width > 0 else { throw Malformed(.corrupt, "has no columns") }
                // A DNL marker after the first scan could give the height, but no encoder in use writes one.
                guard height > 0 else { throw Malformed(.unsupported, "gives its height after the pixels") }
                return ImageHeader(
                    format: .jpeg, stored: Size(width: width, height: height), orientation: orientation ?? .up,
                    hasMore: hasMore)
            }
            // The index of a file of several pictures (MPO).
            if marker == 0xE2, data.holds(Array("MPF\0".utf8), at: segment.lowerBound) { hasMore = true }
            if marker == 0xE1, orientation == nil, segment.upperBound <= data.count {
                orientation = exif(UnsafeRawBufferPointer(rebasing: data[segment]))
            }
            offset = segment.upperBound
        }
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_jpeg_decode(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }

    /// SOF0 to SOF15, except the codes of DHT, JPG and DAC.
    private static func isFrame(_ marker: UInt8) -> Bool {
        (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
    }

    /// The orientation of an APP1 segment; nil if it is not EXIF.
    private static func exif(_ segment: UnsafeRawBufferPointer) -> Orientation? {
        guard segment.count > 6, segment.prefix(6).elementsEqual(Array("Exif\0\0".utf8)) else { return nil }
        return Orientation(tiff: UnsafeRawBufferPointer(rebasing: segment[6...]))
    }

    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8] {
        // The profile comes in parts of at most 64 KiB, each with its number and the total number.
        var parts: [UInt8: ArraySlice<UInt8>] = [:]
        var offset = 2
        let opening = Array("ICC_PROFILE\0".utf8)
        while let marker = data.big16(offset), marker >= 0xFFC0, marker != 0xFFDA, let length = data.big16(offset + 2) {
            let end = offset + 2 + length
            guard length >= 2, end <= data.count else { break }
            if marker == 0xFFE2, length >= 16, data.holds(opening, at: offset + 4) {
                parts[data[offset + 16]] = Array(data[offset + 18..<end])[...]
            }
            offset = end
        }
        return parts.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}
