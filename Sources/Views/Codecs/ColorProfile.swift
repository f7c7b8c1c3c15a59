import CCodecs

/// How a file's colour profile is used.
public enum ColorMode: String, Codable, Sendable {
    /// Pixels stay as stored, as in torchvision.
    case stored
    /// Little CMS converts the pixels of RGB files with an ICC profile, such as Display P3 or Adobe RGB, to sRGB.
    case srgb

    /// Whether this machine supports the mode; sRGB needs Little CMS.
    var isAvailable: Bool { self == .stored || ccodecs_color_version().pointee != 0 }
}

/// A profile's transform to sRGB. It must not be shared between threads.
final class ColorProfile {
    /// The ICC profile.
    let bytes: [UInt8]
    private let transform: UnsafeMutableRawPointer?

    /// Makes the transform. A damaged profile, or one that is not RGB, changes nothing.
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
