import CCodecs

/// One file format: what its files look like, and how a part of one is decoded.
///
/// Extending: one file for the format, one name in `codecs`.
protocol Codec: SendableMetatype {
    /// The format.
    static var format: ImageFormat { get }

    /// Whether the data begin as files of this format do.
    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool

    /// Reads what comes before the pixels; takes no memory that grows with the picture.
    static func header(of data: UnsafeRawBufferPointer) throws(Malformed) -> ImageHeader

    /// Decodes a part of the picture as it is stored, not yet turned.
    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status
}

/// The formats that are read.
#if WEBP
let codecs: [any Codec.Type] = [JPEG.self, PNG.self, PPM.self, WebP.self]
#else
let codecs: [any Codec.Type] = [JPEG.self, PNG.self, PPM.self]
#endif

/// A format that is read.
public enum ImageFormat: String, Codable, Sendable, CaseIterable {
    /// ISO 10918-1.
    case jpeg
    /// ISO 15948.
    case png
    /// Netpbm's uncompressed pictures, PPM and PGM.
    case ppm
    #if WEBP
    /// WebP that does not move; only where the build found libwebp.
    case webp
    #endif

    /// The endings of its files' names, in lower case, the usual ones first.
    public var extensions: [String] {
        switch self {
        case .jpeg: ["jpg", "jpeg", "jpe", "jfif", "jif", "mpo"]
        case .png: ["png", "apng"]
        case .ppm: ["ppm", "pgm", "pnm"]
        #if WEBP
        case .webp: ["webp"]
        #endif
        }
    }

    /// The endings that nearly all of its files have.
    var usualExtensions: ArraySlice<String> { extensions.prefix(self == .png ? 1 : 2) }

    /// Whether data begin as a picture of any format that is read does.
    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool { codecs.contains { $0.recognizes(data) } }

    /// Whether a file's name promises this format.
    public func matches(name: String) -> Bool {
        guard let point = name.lastIndex(of: ".") else { return false }
        return extensions.contains(name[name.index(after: point)...].lowercased())
    }
}

/// What a file says of its picture before any pixel is decoded.
public struct ImageHeader: Equatable, Sendable {
    /// The format, by content.
    public var format: ImageFormat
    /// The extent of the pixels as they are stored.
    public var stored: Size
    /// How the stored pixels are to be turned.
    public var orientation = Orientation.up
    /// Whether pixels may be transparent.
    public var hasAlpha = false

    /// The extent of the picture as it is delivered.
    public var size: Size { orientation.apply(to: stored) }
}

/// Why bytes are not what their format asks for; becomes a `DecodeError` where the path is known.
struct Malformed: Error {
    var kind: DecodeError.Kind
    var reason: String

    init(_ kind: DecodeError.Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    static let cutShort = Malformed(.truncated, "ends within its header")
}

extension UnsafeRawBufferPointer {
    /// The big-endian number of two bytes at `offset`; nil past the end.
    func big16(_ offset: Int) -> Int? {
        guard offset >= 0, offset + 2 <= count else { return nil }
        return Int(self[offset]) << 8 | Int(self[offset + 1])
    }

    /// The big-endian number of four bytes at `offset`; nil past the end.
    func big32(_ offset: Int) -> Int? {
        guard let high = big16(offset), let low = big16(offset + 2) else { return nil }
        return high << 16 | low
    }
}
