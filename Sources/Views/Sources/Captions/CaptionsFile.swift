import Files

/// Images with captions or labels that a table names: a .tsv or .csv file, or a .jsonl file of one object a line.
///
/// A row is an image's path, relative to the table's folder, and its caption, its label, or both. The first row may
/// name the columns: one of `image`, `image_path`, `filepath`, `file_path`, `file_name`, `filename`, `file` or
/// `path`, and one of `caption`, `text`, `title` or `sentence`, and one of `label`, `class`, `category` or `target`,
/// in any case, others beside them; without such names a row has image and caption in this order. Objects need these
/// names. In .csv a field may be quoted, and then hold commas, line ends and doubled quotes; in .tsv every character
/// but the tab stands for itself. An image with several captions has several rows. An empty caption is none.
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

        /// By the ending of a file's name, and of a .txt by a first line that names columns, as Flickr8k's.
        init?(opening data: UnsafeRawBufferPointer, name: String) {
            if let format = Format(name: name) {
                self = format
                return
            }
            let line = data.prefix(4096).prefix { $0 != 0x0A && $0 != 0x0D }
            guard name.lowercased().hasSuffix(".txt") else { return nil }
            if CaptionsReader.namesColumns(line, separator: 0x09) {
                self = .tsv
            } else if CaptionsReader.namesColumns(line, separator: UInt8(ascii: ",")) {
                self = .csv
            } else {
                return nil
            }
        }

        /// Of a file.
        init?(of path: String) {
            if let format = Format(name: path) {
                self = format
                return
            }
            let buffer = FileBuffer()
            guard path.lowercased().hasSuffix(".txt"), let (handle, file) = try? ShardFiles.open(Array(path.utf8)),
                (try? buffer.read(file: handle.file, offset: 0, count: min(file.size, 4096), name: path)) != nil
            else { return nil }
            self.init(opening: buffer.bytes, name: path)
        }
    }

    /// Bytes that a table may have.
    public static let maximumBytes = 1 << 31

    private let folder: String
    private let text: [UInt8]
    private let rows: [Row]

    /// Class names, whose indices are the labels; empty where the table has captions alone.
    public let classes: [String]

    /// Where a row's path and caption lie in the text.
    private struct Row {
        var image: Range<Int>
        var caption: Range<Int>
        /// A place among the table's labels, later a class; negative where there is none.
        var label: Int32 = -1
    }

    /// Reads a table; looks at no image.
    /// - Throws: `DataError` with the line where a row makes no sense, and where there are no rows.
    public init(_ path: String) throws(DataError) {
        guard let format = Format(of: path) else {
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
        var table = ClassTable()
        do throws(CaptionsDamage) {
            try CaptionsReader(format).read(bytes) { found in
                let start = text.count
                text += found.image
                let middle = text.count
                text += found.caption ?? []
                var row = Row(image: start..<middle, caption: middle..<text.count)
                if let label = found.label.flatMap({ ClassTable.label($0) }) {
                    row.label = Int32(table.place(of: label))
                }
                rows.append(row)
            }
        } catch {
            throw DataError(path: path, reason: "line \(error.line): \(error.reason)")
        }
        guard !rows.isEmpty else { throw DataError(path: path, reason: "names no images") }
        let (classes, places) = table.classes()
        for index in rows.indices where rows[index].label >= 0 {
            rows[index].label = places[Int(rows[index].label)].map { Int32($0) } ?? -1
        }
        self.classes = classes
        self.text = text
        self.rows = rows
    }

    /// Number of rows.
    public var count: Int { rows.count }

    /// The class that a row names; nil where it names none.
    public func label(_ index: Int) -> Int? { rows[index].label < 0 ? nil : Int(rows[index].label) }

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
