import CCodecs

/// The libraries that decode.
public enum CodecLibraries {
    /// Their versions by name; libwebp only where the build found it.
    public static var versions: [String: String] {
        var versions = [
            "libjpeg": String(cString: ccodecs_jpeg_version()), "libpng": String(cString: ccodecs_png_version()),
        ]
        versions["libwebp"] = ccodecs_webp_version().map { String(cString: $0) }
        return versions
    }
}
