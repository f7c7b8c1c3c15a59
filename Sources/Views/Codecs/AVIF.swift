import CCodecs

extension ImageFormat {
    /// AV1 in ISO's container.
    public static let avif = ImageFormat(rawValue: "avif")
}

/// AVIF.
enum AVIF: HEIFCodec {
    static let format = ImageFormat.avif
    static let extensions = ["avif", "avifs"]
    static let isAvailable = ccodecs_heif_decodes(CCODECS_AVIF)
    static let remedy = remedy(plugin: "dav1d")

    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool { MediaBrands(data)?.isAVIF == true }
}
