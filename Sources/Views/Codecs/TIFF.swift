import CCodecs

extension ImageFormat {
    /// TIFF 6.0, and BigTIFF.
    public static let tiff = ImageFormat(rawValue: "tiff")
}

/// TIFF through libtiff: gray, RGB, palette, CMYK and YCbCr of up to 16 bits, 32-bit integers and floats, in strips or
/// tiles, with every compression that libtiff has. `DecodeOptions.page` chooses the page.
enum TIFF: Codec {
    static let format = ImageFormat.tiff
    static let extensions = ["tif", "tiff"]
    static var library: (name: String, version: String)? { ("libtiff", String(cString: ccodecs_tiff_version())) }

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        // Canon's raw pictures have this whole head. The letters alone may be the first pixels of a strip.
        ["II*\0", "MM\0*", "II+\0", "MM\0+"].contains { data.holds(Array($0.utf8)) }
            && !data.holds(Array("II*\0\u{10}\0\0\0CR\u{2}\0".utf8))
    }

    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        try header(of: data) { ccodecs_tiff_header($0, $1, UInt32(clamping: options.page), $2, $3) }
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_tiff_decode(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }

    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8] {
        let page = UInt32(clamping: options.page)
        return scratch.prefix(
            ccodecs_tiff_profile(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, page))
    }
}
