import CCodecs

extension ImageFormat {
    /// Netpbm's pictures: PBM, PGM, PPM and PAM.
    public static let ppm = ImageFormat(rawValue: "ppm")
}

/// Netpbm's pictures, as text (P1 to P3), binary (P4 to P6) and PAM (P7), of up to 16 bits, by our own code. Nothing is
/// compressed, so sources of raw pixels also use this format.
enum PPM: Codec {
    static let format = ImageFormat.ppm
    static let extensions = ["ppm", "pgm", "pbm", "pnm", "pam"]

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        data.count >= 3 && data[0] == UInt8(ascii: "P") && (0x31...0x37).contains(data[1])
            && (data[2] == 0x20 || (0x09...0x0D).contains(data[2]) || data[2] == UInt8(ascii: "#"))
            && !data.holds(Array("P7 332".utf8))
    }

    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        try header(of: data, ccodecs_pnm_header)
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_pnm_decode(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }

    /// The header of a picture of interleaved RGB, as in `P6 32 32 255\n`.
    static func opening(_ size: Size) -> [UInt8] { Array("P6 \(size.width) \(size.height) 255\n".utf8) }
}
