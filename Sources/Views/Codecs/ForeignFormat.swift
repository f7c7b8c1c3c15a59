/// The kind of data that are not a supported picture, by their first bytes, with a remedy.
struct ForeignFormat: Equatable, Sendable {
    /// The kind, as in `a PDF`.
    var name: String
    /// What to do.
    var remedy: String

    /// The sentence in an error, as in `is a PDF; take its pictures out of it`.
    var sentence: String { "is \(name); \(remedy)" }

    private static let convert = "convert it to .jpg or .png"
    private static let unpack = "unpack it"
    private static let download = "no picture was downloaded; get it again"

    /// Checks the first bytes; nil if the kind is unknown.
    init?(_ data: UnsafeRawBufferPointer) {
        guard let (name, remedy) = ForeignFormat.find(data) else { return nil }
        (self.name, self.remedy) = (name, remedy)
    }

    private static func find(_ data: UnsafeRawBufferPointer) -> (String, String)? {
        func holds(_ text: String, at offset: Int = 0) -> Bool { data.holds(Array(text.utf8), at: offset) }
        if let name = ForeignPictures.marked(data) { return ("\(name), which is not read", convert) }
        if holds("RIFF"), holds("AVI ", at: 8) { return ("a video", "take its pictures out of it") }
        if data.holds([0x1A, 0x45, 0xDF, 0xA3]) || data.holds([0x00, 0x00, 0x01, 0xBA])
            || data.holds([0x00, 0x00, 0x01, 0xB3])
            || holds("FLV")
        {
            return ("a video", "take its pictures out of it")
        }
        if let brands = MediaBrands(data) {
            return brands.major == "crx "
                ? ("a raw picture of a camera (CR3), which is not read", convert)
                : ("a video", "take its pictures out of it")
        }
        if holds("version https://git-lfs.github.com") {
            return ("a Git LFS pointer instead of the picture", "git lfs pull fetches it")
        }
        if let name = archive(data) { return (name, unpack) }
        if holds("%PDF") { return ("a PDF", "take its pictures out of it") }
        if data.holds([0, 0, 0, 0]) { return ("filled with zeros", download) }
        return text(data) ?? ForeignPictures.unmarked(data).map { ("\($0), which is not read", convert) }
    }

    /// Archives and files of many arrays.
    static func archive(_ data: UnsafeRawBufferPointer) -> String? {
        func holds(_ text: String, at offset: Int = 0) -> Bool { data.holds(Array(text.utf8), at: offset) }
        if data.holds([0x50, 0x4B, 0x03, 0x04]) || data.holds([0x50, 0x4B, 0x05, 0x06]) { return "a ZIP archive" }
        if data.holds([0x1F, 0x8B]) { return "a gzip file" }
        if data.holds([0xFD, 0x37, 0x7A, 0x58, 0x5A]) { return "an xz file" }
        if holds("BZh") { return "a bzip2 file" }
        if data.holds([0x28, 0xB5, 0x2F, 0xFD]) { return "a Zstandard file" }
        if data.holds([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) { return "a 7z archive" }
        if holds("Rar!") { return "a RAR archive" }
        if holds("ustar", at: 257) { return "a tar archive" }
        if holds("PAR1") { return "a Parquet table" }
        if data.holds([0x89, 0x48, 0x44, 0x46]) { return "an HDF5 file" }
        if data.holds([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]) { return "a NumPy array" }
        return nil
    }

    /// Pictures as texts, and what a failed download leaves in place of a picture.
    private static func text(_ data: UnsafeRawBufferPointer) -> (String, String)? {
        let mark = data.holds([0xEF, 0xBB, 0xBF]) ? 3 : 0
        let start = data[mark...].firstIndex { !($0 == 0x20 || (0x09...0x0D).contains($0)) } ?? data.count
        let head = data[start..<min(start + 256, data.count)].map(lowercase)
        let text = String(decoding: head, as: UTF8.self)
        if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") || text.contains("<head") {
            return ("a web page", download)
        }
        if text.hasPrefix("<"), text.contains("<svg") || text.contains("doctype svg") {
            return ("SVG, which is not read", convert)
        }
        if text.hasPrefix("#define "), text.contains("_width") { return ("XBM, which is not read", convert) }
        if text.hasPrefix("{") || text.hasPrefix("[") { return ("JSON", download) }
        if text.hasPrefix("<") { return ("XML", download) }
        return nil
    }
}

extension UnsafeRawBufferPointer {
    /// Whether these bytes are at an offset.
    func holds(_ bytes: [UInt8], at offset: Int = 0) -> Bool {
        count >= offset + bytes.count && self[offset..<offset + bytes.count].elementsEqual(bytes)
    }
}
