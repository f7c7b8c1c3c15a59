import CCodecs

/// What this build of Views is made of, for reports on an installation.
public enum BuildInfo {
    /// The pixel kernels that run on this processor: `avx2` or `baseline`.
    public static var kernels: String { PixelOperations.isWide ? "avx2" : "baseline" }

    /// The versions of the decoding libraries by name; libwebp only where the build found it.
    public static var versions: [String: String] {
        var versions = [
            "libjpeg": String(cString: ccodecs_jpeg_version()), "libpng": String(cString: ccodecs_png_version()),
        ]
        versions["libwebp"] = ccodecs_webp_version().map { String(cString: $0) }
        return versions
    }

    /// Whether our own entropy decoder serves JPEG files inside of libjpeg: only where the library that runs is laid out as
    /// the headers of the build said.
    public static var hooksLibjpeg: Bool { ccodecs_jpeg_is_hooked() }
}
