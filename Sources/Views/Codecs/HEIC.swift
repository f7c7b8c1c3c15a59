import CCodecs

extension ImageFormat {
    /// HEVC in ISO's container, as telephones write it.
    public static let heic = ImageFormat(rawValue: "heic")
}

/// HEIC through libheif, where that is installed; libheif itself turns the picture.
enum HEIC: Codec {
    static let format = ImageFormat.heic
    static let extensions = ["heic", "heif", "hif"]
    static var library: (name: String, version: String)? { ("libheif", String(cString: ccodecs_heif_version())) }
    static let isAvailable = ccodecs_heif_decodes(CCODECS_HEIC)
    static let remedy = "install libheif1, and libheif-plugin-libde265 where the system has it, or convert them to .jpg"

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        guard let brands = MediaBrands(data), !brands.isAVIF else { return false }
        return brands.major.hasPrefix("hei") || brands.major.hasPrefix("hev") || brands.isGeneric
    }

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
