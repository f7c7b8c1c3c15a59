import CCodecs

/// What becomes of a file's colour profile.
public enum ColorMode: String, Codable, Sendable {
    /// Pixels stay as they are stored, as torchvision has them.
    case stored
    /// Pixels of RGB files with an ICC profile, as Display P3 or Adobe RGB, become sRGB by Little CMS.
    case srgb

    /// Whether this machine can do it: sRGB takes Little CMS.
    var isAvailable: Bool { self == .stored || ccodecs_color_version().pointee != 0 }
}

/// A profile's transform to sRGB. One owner; not shared between threads.
final class ColorProfile {
    /// The ICC profile.
    let bytes: [UInt8]
    private let transform: UnsafeMutableRawPointer?

    /// A profile that is damaged or not RGB changes nothing.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        transform = ccodecs_color_create(bytes, bytes.count)
    }

    deinit { ccodecs_color_free(transform) }

    /// Converts a picture in place.
    func apply(to image: Image) {
        guard let transform, image.size.area > 0 else { return }
        ccodecs_color_apply(transform, image.plane(0), image.size.area)
    }
}
