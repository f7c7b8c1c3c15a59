import CCodecs

extension ImageFormat {
    /// HEVC in ISO's container, as telephones write it.
    public static let heic = ImageFormat(rawValue: "heic")
}

/// HEIC.
enum HEIC: HEIFCodec {
    static let format = ImageFormat.heic
    static let extensions = ["heic", "heif", "hif"]
    static let isAvailable = ccodecs_heif_decodes(CCODECS_HEIC)
    static let remedy = remedy(plugin: "libde265")

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        guard let brands = MediaBrands(data), !brands.isAVIF else { return false }
        return brands.major.hasPrefix("hei") || brands.major.hasPrefix("hev") || brands.isGeneric
    }
}
