import CCodecs

/// One file format: how its files are recognised, and how a part of one is decoded.
///
/// To add a format, write one file for it and add its name to `codecs`.
protocol Codec: SendableMetatype {
    /// The format.
    static var format: ImageFormat { get }

    /// The extensions of this format, in lower case, the usual one first.
    static var extensions: [String] { get }

    /// The decoding library and its version; nil if Views has its own decoder.
    static var library: (name: String, version: String)? { get }

    /// Whether files of this format can be read on this machine.
    static var isAvailable: Bool { get }

    /// What to do if they cannot be read, as in `install libheif1`.
    static var remedy: String { get }

    /// Whether the data begin with the signature of this format.
    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool

    /// Reads the header; the memory it needs does not grow with the picture.
    static func header(of data: UnsafeRawBufferPointer, options: DecodeOptions) throws(Malformed) -> ImageHeader

    /// Decodes a part of the picture as it is stored, before its orientation is applied.
    static func decode(
        _ data: UnsafeRawBufferPointer, scratch: UnsafeMutablePointer<ccodecs_scratch>,
        target: UnsafePointer<ccodecs_target>, report: UnsafeMutablePointer<ccodecs_report>
    ) -> ccodecs_status

    /// The file's ICC profile; empty if it has none.
    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8]
}

extension Codec {
    static func profile(
        of data: UnsafeRawBufferPointer, options: DecodeOptions, scratch: UnsafeMutablePointer<ccodecs_scratch>
    ) -> [UInt8] { [] }

    static var library: (name: String, version: String)? { nil }
    static var isAvailable: Bool { true }
    static var remedy: String { "" }
}

/// The formats, in the order in which contents are compared, the most distinctive first.
let codecs: [any Codec.Type] = [
    JPEG.self, PNG.self, WebP.self, TIFF.self, GIF.self, AVIF.self, HEIC.self, BMP.self, PPM.self,
]

/// An image format, identified by its name in reports.
public struct ImageFormat: RawRepresentable, Codable, Hashable, Sendable, CaseIterable {
    /// The name, as in `jpeg`.
    public let rawValue: String

    /// The format with this name.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// All formats, including those that cannot be read on this machine.
    public static var allCases: [ImageFormat] { codecs.map { $0.format } }

    private var codec: (any Codec.Type)? { codecs.first { $0.format == self } }

    /// The extensions of this format, in lower case, the usual one first.
    public var extensions: [String] { codec?.extensions ?? [] }

    /// Whether data begin with the signature of any format that can be read here.
    static func recognizes(_ data: UnsafeRawBufferPointer) -> Bool {
        codecs.contains { $0.recognizes(data) && $0.isAvailable }
    }

    /// Whether a file's name has an extension of this format.
    public func matches(name: String) -> Bool {
        guard let point = name.lastIndex(of: ".") else { return false }
        return extensions.contains(name[name.index(after: point)...].lowercased())
    }
}

/// The facts in a file's header, known before any pixel is decoded.
public struct ImageHeader: Equatable, Sendable {
    /// The format, detected from the contents.
    public var format: ImageFormat
    /// The size of the stored pixels.
    public var stored: Size
    /// The orientation of the stored pixels.
    public var orientation = Orientation.up
    /// Whether pixels may be transparent.
    public var hasAlpha = false
    /// Bits of a stored sample, at least 8.
    public var bits = 8
    /// Whether samples are floats, signed, or of more than 16 bits, and therefore have no high byte.
    public var isRanged = false
    /// Whether the file holds more pictures than the one that is read, such as frames or pages.
    public var hasMore = false

    /// The size of the delivered picture.
    public var size: Size { orientation.apply(to: stored) }
}

/// Why bytes are not valid in their format; becomes a `DecodeError` once the path is known.
struct Malformed: Error {
    var kind: DecodeError.Kind
    var reason: String

    init(_ kind: DecodeError.Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The error that a library reports.
    init(_ status: ccodecs_status, _ report: ccodecs_report) {
        switch status {
        case CCODECS_TRUNCATED: self.init(.truncated, "is cut short: \(report.text)")
        case CCODECS_UNSUPPORTED: self.init(.unsupported, "is not supported: \(report.text)")
        case CCODECS_NO_MEMORY: self.init(.tooLarge, "does not fit in memory: \(report.text)")
        default: self.init(.corrupt, "is damaged: \(report.text)")
        }
    }

    static let cutShort = Malformed(.truncated, "ends within its header")
}

extension Codec {
    /// Reads a header with a function of CCodecs.
    static func header(
        of data: UnsafeRawBufferPointer,
        _ read: (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<ccodecs_facts>, UnsafeMutablePointer<ccodecs_report>)
            -> ccodecs_status
    ) throws(Malformed) -> ImageHeader {
        var facts = ccodecs_facts()
        var report = ccodecs_report()
        let status = read(data.bindMemory(to: UInt8.self).baseAddress, data.count, &facts, &report)
        guard status == CCODECS_OK else { throw Malformed(status, report) }
        var header = ImageHeader(format: format, stored: Size(width: Int(facts.width), height: Int(facts.height)))
        header.orientation = Orientation(rawValue: Int(facts.orientation)) ?? .up
        header.hasAlpha = facts.alpha
        header.bits = Int(facts.bits)
        header.isRanged = facts.ranged
        header.hasMore = facts.several
        return header
    }
}

extension UnsafeMutablePointer<ccodecs_scratch> {
    /// The first bytes of the memory.
    func prefix(_ count: Int) -> [UInt8] { Array(UnsafeBufferPointer(start: pointee.bytes, count: count)) }
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

    /// The little-endian number of four bytes at `offset`; nil past the end.
    func little32(_ offset: Int) -> Int? {
        big32(offset).map { Int(UInt32(truncatingIfNeeded: $0).byteSwapped) }
    }
}
