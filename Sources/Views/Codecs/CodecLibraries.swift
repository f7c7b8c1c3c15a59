import CCodecs

/// The libraries that decode.
public enum CodecLibraries {
    /// Their versions by name.
    public static var versions: [String: String] {
        [
            "libjpeg": String(cString: ccodecs_jpeg_version()), "libpng": String(cString: ccodecs_png_version()),
        ]
    }
}
