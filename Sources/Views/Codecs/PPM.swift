import CCodecs

/// Netpbm's binary pictures of 8 bits: PPM (`P6`, colour) and PGM (`P5`, gray). Nothing is compressed, so this is also
/// the form in which sources of raw pixels hand them on.
enum PPM: Codec {
    static let format = ImageFormat.ppm

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count >= 3 && data[0] == UInt8(ascii: "P")
            && (data[1] == UInt8(ascii: "5") || data[1] == UInt8(ascii: "6"))
            && isSpace(data[2])
    }

    static func header(of data: UnsafeRawBufferPointer) throws(Malformed) -> ImageHeader {
        let layout = try layout(of: data)
        return ImageHeader(format: .ppm, stored: layout.size)
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        guard let layout = try? layout(of: data), let start = data.baseAddress else { return CCODECS_CORRUPT }
        ccodecs_rows_decode(
            (start + layout.offset).assumingMemoryBound(to: UInt8.self), UInt32(layout.channels), target)
        return CCODECS_OK
    }

    /// What opens a picture of interleaved RGB, as in `P6 32 32 255\n`.
    static func opening(_ size: Size) -> [UInt8] { Array("P6 \(size.width) \(size.height) 255\n".utf8) }

    private struct Layout {
        var size: Size
        var channels: Int
        /// Where the pixels begin.
        var offset: Int
    }

    private static func layout(of data: UnsafeRawBufferPointer) throws(Malformed) -> Layout {
        var offset = 2
        let width = try number(in: data, at: &offset)
        let height = try number(in: data, at: &offset)
        let maximum = try number(in: data, at: &offset)
        guard offset < data.count else { throw .cutShort }
        guard isSpace(data[offset]) else { throw Malformed(.corrupt, "has no space between header and pixels") }
        offset += 1
        guard width > 0, height > 0 else { throw Malformed(.corrupt, "has the impossible extent \(width)x\(height)") }
        guard maximum == 255 else {
            throw Malformed(.unsupported, "has levels up to \(maximum); only 8 bits a channel, up to 255, are read")
        }
        let channels = data[1] == UInt8(ascii: "6") ? 3 : 1
        // Numbers end at a billion, so this does not overflow.
        guard data.count - offset >= width * height * channels else {
            throw Malformed(.truncated, "ends before its last row")
        }
        return Layout(size: Size(width: width, height: height), channels: channels, offset: offset)
    }

    /// The decimal number after spaces and comments.
    private static func number(in data: UnsafeRawBufferPointer, at offset: inout Int) throws(Malformed) -> Int {
        while offset < data.count, isSpace(data[offset]) || data[offset] == UInt8(ascii: "#") {
            if data[offset] == UInt8(ascii: "#") {
                while offset < data.count, data[offset] != UInt8(ascii: "\n") { offset += 1 }
            } else {
                offset += 1
            }
        }
        let start = offset
        var value = 0
        while offset < data.count, (0x30...0x39).contains(data[offset]) {
            value = value * 10 + Int(data[offset] - 0x30)
            guard value < 1_000_000_000 else { throw Malformed(.corrupt, "has a number of too many digits") }
            offset += 1
        }
        guard offset < data.count else { throw .cutShort }
        guard offset > start else { throw Malformed(.corrupt, "has no number where its header needs one") }
        return value
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
}
