/// What a file is by the ending of its name, in any case.
enum FileKind: Equatable {
    /// A picture of a format that is read.
    case image
    /// A picture or clip of a format that is not; its ending in lower case.
    case foreign(String)
    case other

    /// The kind of the file with this name.
    init(name: some BidirectionalCollection<UInt8>) {
        guard let code = FileKind.ending(of: name) else { self = .other; return }
        if FileKind.images.contains(code) {
            self = .image
        } else if let text = FileKind.foreigners[code] {
            self = .foreign(text)
        } else {
            self = .other
        }
    }

    /// The endings of images, as in `.jpg, .jpeg or .png`.
    static var imageEndings: String {
        let all = ImageFormat.allCases.flatMap(\.extensions).map { ".\($0)" }
        return "\(all.dropLast().joined(separator: ", ")) or \(all.last ?? "")"
    }

    private static let images = Set(ImageFormat.allCases.flatMap(\.extensions).compactMap { code(Array($0.utf8)) })

    private static let foreigners: [UInt64: String] = {
        let endings = [
            "webp", "gif", "bmp", "tif", "tiff", "heic", "heif", "avif", "jxl", "jp2", "j2k", "jfif", "jpe", "svg",
            "ico", "psd", "tga", "exr", "hdr", "dds", "pbm", "pnm", "pfm", "pcx", "xcf", "dng", "cr2", "cr3", "nef",
            "arw", "orf", "rw2", "raf", "npy", "dcm", "mp4", "mov", "webm", "avi", "mkv",
        ]
        return Dictionary(
            uniqueKeysWithValues: endings.compactMap { text in code(Array(text.utf8)).map { ($0, text) } })
    }()

    /// The bytes after the last point, in lower case, as one number: a million names are looked at without taking memory.
    private static func ending(of name: some BidirectionalCollection<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        var length = 0
        for byte in name.reversed() {
            if byte == UInt8(ascii: ".") { return length > 0 ? value : nil }
            guard length < 8, byte != UInt8(ascii: "/") else { return nil }
            value |= UInt64(lowercase(byte)) << UInt64(8 * length)
            length += 1
        }
        return nil
    }

    private static func code(_ ending: [UInt8]) -> UInt64? { FileKind.ending(of: [UInt8(ascii: ".")] + ending) }
}

/// ASCII letters in lower case, other bytes as they are.
func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
