import CCodecs

extension ImageFormat {
    /// AV1 in ISO's container.
    public static let avif = ImageFormat(rawValue: "avif")
}

/// AVIF through libheif, where that is installed; libheif itself turns the picture.
enum AVIF: Codec {
    static let format = ImageFormat.avif
    static let extensions = ["avif", "avifs"]
    static var library: (name: String, version: String)? { ("libheif", String(cString: ccodecs_heif_version())) }
    static let isAvailable = ccodecs_heif_decodes(CCODECS_AVIF)
    static let remedy = "install libheif1, and libheif-plugin-dav1d where the system has it, or convert them to .jpg"

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool { MediaBrands(data)?.isAVIF == true }

    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader {
        try header(of: data, ccodecs_heif_header)
    }

    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status {
        ccodecs_heif_decode(data.bindMemory(to: UInt8.self).baseAddress, data.count, target, report)
    }

    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8] {
        scratch.prefix(ccodecs_heif_profile(scratch, data.bindMemory(to: UInt8.self).baseAddress, data.count))
    }
}
