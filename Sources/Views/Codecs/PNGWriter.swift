import CCodecs

/// Encodes pictures as PNG.
public enum PNGWriter {
    /// The bytes of a PNG file of 8-bit RGB.
    /// - Throws: `DecodeError` of kind `tooLarge` if PNG cannot hold the size, `corrupt` if libpng fails.
    public static func encode(_ image: Image) throws(DecodeError) -> [UInt8] {
        let (width, height) = (UInt32(image.size.width), UInt32(image.size.height))
        var size = ccodecs_png_bound(width, height, UInt32(Image.channels))
        guard size > 0 else {
            throw DecodeError(.tooLarge, path: "PNG", reason: "cannot hold \(image.size) pixels")
        }
        let pixels = image.interleaved()
        var report = ccodecs_report()
        var status = CCODECS_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { memory, filled in
            status = ccodecs_png_encode(
                pixels, width, height, UInt32(Image.channels), memory.baseAddress, &size, &report)
            filled = size
        }
        guard status == CCODECS_OK else { throw DecodeError(.corrupt, path: "PNG", reason: report.text) }
        return bytes
    }
}
