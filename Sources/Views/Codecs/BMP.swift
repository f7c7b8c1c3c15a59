import CCodecs

extension ImageFormat {
    /// Bitmaps of Windows and OS/2.
    public static let bmp = ImageFormat(rawValue: "bmp")
}

/// Windows' and OS/2's bitmaps: every depth, runs, bit fields, either order of rows, by our own code.
enum BMP: Codec {
    static let format = ImageFormat.bmp
    static let extensions = ["bmp", "dib"]

    /// Two letters could begin a text, so that the header's size, or the planes and the depth of a file that begins
    /// with its header (DIB), are looked at too.
    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        guard data.count >= 18 else { return false }
        if data[0] == UInt8(ascii: "B"), data[1] == UInt8(ascii: "M") { return data[15] == 0 && data[16] == 0 }
        return [40, 108, 124].contains(data.little32(0)) && data[12] == 1 && data[13] == 0
            && [1, 4, 8, 16, 24, 32].contains(data[14]) && data[15] == 0
    }

    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        try header(of: data, ccodecs_bmp_header)
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_bmp_decode(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }
}
