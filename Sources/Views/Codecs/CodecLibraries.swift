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

    /// Whether JPEG files are decoded by our own entropy decoder inside of libjpeg: it takes its place only where the library
    /// that runs is laid out as the headers that it was built with said.
    public static var hooksLibjpeg: Bool { ccodecs_jpeg_is_hooked() }
}
