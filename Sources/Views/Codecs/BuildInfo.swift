import CCodecs

/// The kernels, libraries and formats of this build of Views, for reports on an installation.
public enum BuildInfo {
    /// The pixel kernels that run on this processor: `avx2` or `baseline`.
    public static var kernels: String { PixelOperations.isWide ? "avx2" : "baseline" }

    /// The versions of the decoding libraries by name.
    public static var versions: [String: String] {
        let libraries = codecs.filter { $0.isAvailable }.compactMap { $0.library }
        return Dictionary(libraries.map { ($0.name, $0.version) }) { first, _ in first }
    }

    /// The formats that can be read on this machine.
    public static var formats: [ImageFormat] { codecs.filter { $0.isAvailable }.map { $0.format } }

    /// The formats that cannot be read, each with what to do about it.
    public static var missingFormats: [(format: ImageFormat, remedy: String)] {
        codecs.filter { !$0.isAvailable }.map { ($0.format, $0.remedy) }
    }

    /// What to do about files with an unsupported extension, as in `convert them to .jpg or .png`.
    public static func remedy(forEnding ending: String) -> String { FileKind.remedy(for: ending) }

    /// Whether libjpeg uses our own entropy decoder: only if the layout of the running library's structures is that of
    /// the headers at build time.
    public static var hooksLibjpeg: Bool { ccodecs_jpeg_is_hooked() }
}
