/// The kind of a file by its extension, in upper or lower case.
enum FileKind: Equatable {
    /// A picture of a supported format.
    case image
    /// A picture, video or archive of an unsupported format, with its extension in lower case.
    case foreign(String)
    /// Unknown by name: there is no extension, or one without a letter. The contents decide.
    case unnamed
    case other

    /// The kind of the file with this name.
    init(name: some BidirectionalCollection<UInt8>) {
        guard let code = FileKind.ending(of: name) else {
            self = FileKind.hasLetters(after: name) ? .other : .unnamed
            return
        }
        if let codec = FileKind.readers[code] {
            self = codec.isAvailable ? .image : .foreign(FileKind.text(code))
        } else if let text = FileKind.foreigners[code] {
            self = .foreign(text)
        } else {
            self = FileKind.hasLetters(after: name) ? .other : .unnamed
        }
    }

    /// The usual extensions of images, as in `.jpg, .jpeg or .png`.
    static var imageEndings: String {
        let all = BuildInfo.formats.map { ".\($0.extensions[0])" }
        return "\(all.dropLast().joined(separator: ", ")) or \(all.last ?? "")"
    }

    /// The format of each extension.
    private static let readers: [UInt64: any Codec.Type] = {
        let all = codecs.flatMap { codec in codec.extensions.map { (code(Array($0.utf8)) ?? 0, codec) } }
        return Dictionary(uniqueKeysWithValues: all)
    }()

    private static let foreigners: [UInt64: String] = {
        let endings = [
            "jxl", "jp2", "j2k", "j2c", "jpc", "jpf", "jpx", "jxr", "wdp", "svg", "svgz", "ico", "cur", "icns", "psd",
            "psb", "tga", "exr", "hdr", "dds", "pfm", "pcx", "dcx", "sgi", "xcf", "qoi", "bpg", "flif", "blp", "eps",
            "ps", "ai", "wmf", "emf", "xbm", "xpm", "fits", "fit", "fts", "msp", "pcd", "fli", "flc", "djvu", "iff",
            "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "srw", "orf", "rw2", "raf", "pef", "x3f",
            "mrw", "3fr", "iiq", "dcm",
        ]
        let all = endings + videos + archives + tables
        return Dictionary(uniqueKeysWithValues: all.compactMap { text in code(Array(text.utf8)).map { ($0, text) } })
    }()

    /// Extensions of archives and of files that hold many pictures.
    private static let archives = [
        "zip", "tgz", "gz", "bz2", "xz", "zst", "7z", "rar",
    ]
    private static let tables = ["parquet", "arrow", "tfrecord", "h5", "hdf5", "lmdb", "npz", "npy"]
    /// Endings of films and of documents with pictures.
    private static let videos = ["mp4", "m4v", "mov", "webm", "avi", "mkv", "mpg", "mpeg", "wmv", "flv", "3gp", "pdf"]

    /// What to do about files with this extension.
    static func remedy(for ending: String) -> String {
        if let codec = code(Array(ending.utf8)).flatMap({ readers[$0] }), !codec.isAvailable { return codec.remedy }
        if archives.contains(ending) { return "unpack them" }
        if tables.contains(ending) { return "write their pictures to files" }
        return videos.contains(ending) ? "take pictures out of them" : "convert them to .jpg or .png"
    }

    /// Whether the part after the last full stop of a name has a letter in it.
    private static func hasLetters(after name: some BidirectionalCollection<UInt8>) -> Bool {
        guard let point = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return name[point...].contains { (0x61...0x7A).contains(lowercase($0)) }
    }

    /// The bytes after the last full stop, in lower case, as one number, so that a million names are classified without
    /// allocating memory.
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

    private static func text(_ code: UInt64) -> String {
        let bytes = (0..<8).map { UInt8(truncatingIfNeeded: code >> UInt64(8 * $0)) }.prefix { $0 != 0 }
        return String(decoding: bytes.reversed(), as: UTF8.self)
    }

    private static func code(_ ending: [UInt8]) -> UInt64? { FileKind.ending(of: [UInt8(ascii: ".")] + ending) }
}

/// An ASCII letter in lower case; other bytes unchanged.
func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
