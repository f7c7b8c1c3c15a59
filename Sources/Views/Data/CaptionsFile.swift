import Foundation

/// Images with captions that a table names: a .tsv or .csv file, or a .jsonl file of one object a line.
///
/// A row is an image's path, relative to the table's folder, and its caption. The first row may name the columns: one of `image`,
/// `image_path`, `filepath`, `file_path`, `file_name`, `filename`, `file` or `path`, and one of `caption`, `text`, `title` or
/// `sentence`, in any case, others beside them; without such names a row has the two in this order. Objects need these names. In
/// .csv a field may be quoted, and then hold commas, line ends and doubled quotes; in .tsv every character but the tab stands for
/// itself. An image with several captions has several rows. An empty caption is none.
public struct CaptionsFile: Source {
    /// How a table is written.
    public enum Format: Sendable {
        /// Fields with tabs between.
        case tsv
        /// Fields with commas between, as RFC 4180 has it.
        case csv
        /// JSON objects, one a line.
        case jsonl

        /// By the ending of a file's name, in any case.
        public init?(name: String) {
            let name = name.lowercased()
            switch true {
            case name.hasSuffix(".tsv"): self = .tsv
            case name.hasSuffix(".csv"): self = .csv
            case name.hasSuffix(".jsonl"): self = .jsonl
            default: return nil
            }
        }
    }

    /// Bytes that a table may have.
    public static let maximumBytes = 1 << 31

    private let folder: String
    private let text: [UInt8]
    private let rows: [Row]

    /// Where a row's path and caption lie in the text.
    private struct Row {
        var image: Range<Int>
        var caption: Range<Int>
    }

    /// Reads a table; looks at no image.
    /// - Throws: `DataError` with the line where a row makes no sense, and where there are no rows.
    public init(_ path: String) throws(DataError) {
        guard let format = Format(name: path) else {
            throw DataError(path: path, reason: "is no captions file; its name must end in .tsv, .csv or .jsonl")
        }
        let buffer = FileBuffer(limit: CaptionsFile.maximumBytes)
        do throws(DecodeError) {
            try buffer.read(path: path, name: path)
        } catch {
            throw DataError(path: path, reason: error.reason)
        }
        try self.init(buffer.bytes, format: format, path: path)
    }

    /// Reads the text of a table.
    /// - Parameters:
    ///   - bytes: the text.
    ///   - format: how its columns are told apart.
    ///   - path: where it comes from; images are looked for in the folder.
    public init(_ bytes: UnsafeRawBufferPointer, format: Format, path: String) throws(DataError) {
        folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
        var text: [UInt8] = []
        var rows: [Row] = []
        do throws(CaptionsDamage) {
            try CaptionsReader(format).read(bytes) { image, caption in
                let start = text.count
                text += image
                let middle = text.count
                text += caption
                rows.append(Row(image: start..<middle, caption: middle..<text.count))
            }
        } catch {
            throw DataError(path: path, reason: "line \(error.line): \(error.reason)")
        }
        guard !rows.isEmpty else { throw DataError(path: path, reason: "names no images") }
        self.text = text
        self.rows = rows
    }

    /// Number of rows.
    public var count: Int { rows.count }
    /// None.
    public var classes: [String] { [] }
    /// None.
    public func label(_ index: Int) -> Int? { nil }

    /// The path as the table has it.
    public func name(_ index: Int) -> String { printable(text[rows[index].image]) }

    /// The text beside the image.
    public func caption(_ index: Int) throws(DecodeError) -> String? {
        rows[index].caption.isEmpty ? nil : String(decoding: text[rows[index].caption], as: UTF8.self)
    }

    /// Reads an image's encoded bytes.
    public func read(_ index: Int, into buffer: FileBuffer) throws(DecodeError) {
        let name = String(decoding: text[rows[index].image], as: UTF8.self)
        let path = name.hasPrefix("/") ? name : folder + name
        try buffer.read(path: path, name: path)
    }
}
