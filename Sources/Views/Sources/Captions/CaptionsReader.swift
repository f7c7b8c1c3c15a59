import Files

/// What is wrong with a captions file, and where.
struct CaptionsDamage: Error, Equatable {
    /// The line, from 1.
    var line: Int
    /// One line for people.
    var reason: String
}

/// Reads the rows of a captions file; see `CaptionsFile`.
struct CaptionsReader {
    /// What a row says, in UTF-8.
    struct Row {
        var image: [UInt8]
        var caption: [UInt8]?
        var label: [UInt8]?
    }

    private static let imageNames = [
        "image", "image_path", "filepath", "file_path", "file_name", "filename", "file", "path", "image_name", "img",
    ]
    private static let captionNames = ["caption", "text", "title", "sentence"]
    private static let labelNames = ["label", "class", "cls", "category", "class_name", "label_name", "target"]

    /// Which fields of a row count, and how many it has.
    private struct Columns {
        var image = 0
        var caption: Int? = 1
        var label: Int?
        var count = 2
    }

    private let format: CaptionsFile.Format

    init(_ format: CaptionsFile.Format) { self.format = format }

    /// Calls `body` with each row.
    func read(_ bytes: UnsafeRawBufferPointer, _ body: (Row) -> Void) throws(CaptionsDamage) {
        var scanner = TableScanner(bytes, format: format)
        var columns: Columns?
        var first: Row?
        while let fields = try scanner.next() {
            let line = scanner.line
            // A blank line is no row; in a table of one column it would be.
            if fields.count == 1, fields[0].allSatisfy({ $0 == 0x20 }) { continue }
            if format != .jsonl, columns == nil {
                let header = try CaptionsReader.header(fields, line: line)
                columns = header ?? Columns()
                if header != nil { continue }
                guard fields.count == 2 else {
                    throw CaptionsDamage(
                        line: line,
                        reason: "has \(fields.count) columns, of which none is named as the image's and the caption's; "
                            + "call them image and caption, or image and label, in a first row")
                }
                first = Row(image: fields[0])
            }
            let row =
                if let columns {
                    try CaptionsReader.take(columns, of: fields, line: line)
                } else {
                    try CaptionsReader.object(fields[0], line: line)
                }
            try CaptionsReader.check(row, line: line)
            if let heading = first, heading.image != row.image || scanner.isAtEnd {
                // Where the second row names a picture by its ending and the first does not, that is a heading.
                if FileKind(name: heading.image) != .image, FileKind(name: row.image) == .image {
                    throw CaptionsDamage(
                        line: 1,
                        reason: "names columns that are not known; call them image and caption, or image and label")
                }
                first = nil
            }
            body(row)
        }
    }

    /// The columns that a first row names; nil where it names none.
    private static func header(_ row: [[UInt8]], line: Int) throws(CaptionsDamage) -> Columns? {
        let names = row.map { field in
            String(decoding: field, as: UTF8.self).lowercased().filter { !$0.isWhitespace }
        }
        func place(_ known: [String]) -> Int? { known.lazy.compactMap { names.firstIndex(of: $0) }.first }
        guard let image = place(imageNames) else { return nil }
        let columns = Columns(image: image, caption: place(captionNames), label: place(labelNames), count: row.count)
        guard columns.caption != nil || columns.label != nil else {
            throw CaptionsDamage(
                line: line,
                reason: "names the columns \(names.joined(separator: ", ")); call one of them caption or label")
        }
        return columns
    }

    private static func take(_ columns: Columns, of row: [[UInt8]], line: Int) throws(CaptionsDamage) -> Row {
        guard row.count == columns.count else {
            throw CaptionsDamage(line: line, reason: "has \(row.count) columns, must have \(columns.count)")
        }
        return Row(
            image: row[columns.image], caption: columns.caption.map { row[$0] }, label: columns.label.map { row[$0] })
    }

    private static func object(_ text: [UInt8], line: Int) throws(CaptionsDamage) -> Row {
        guard let object = try? JSONDecoder().decode([String: JSONField].self, from: Data(text)) else {
            throw CaptionsDamage(line: line, reason: "is no JSON object")
        }
        let named = Dictionary(object.map { ($0.lowercased(), $1) }, uniquingKeysWith: { first, _ in first })
        func value(_ names: [String], numbers: Bool = false) throws(CaptionsDamage) -> [UInt8]? {
            guard let name = names.first(where: { named[$0] != nil }), let value = named[name] else { return nil }
            switch value {
            case .null: return []
            case .text(let text): return Array(text.utf8)
            case .number(let text) where numbers: return Array(text.utf8)
            default: throw CaptionsDamage(line: line, reason: "\(name) must be text")
            }
        }
        let row = Row(
            image: try value(imageNames) ?? [], caption: try value(captionNames),
            label: try value(labelNames, numbers: true))
        guard imageNames.contains(where: { named[$0] != nil }), row.caption != nil || row.label != nil else {
            throw CaptionsDamage(line: line, reason: "must have the keys image and caption, or image and label")
        }
        return row
    }

    private static func check(_ row: Row, line: Int) throws(CaptionsDamage) {
        guard !row.image.isEmpty else { throw CaptionsDamage(line: line, reason: "names no image") }
        for (what, bytes) in [("image", row.image), ("caption", row.caption ?? []), ("label", row.label ?? [])] {
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw CaptionsDamage(line: line, reason: "the \(what) is not text in UTF-8")
            }
        }
        guard !row.image.contains(0) else {
            throw CaptionsDamage(line: line, reason: "the image's path has a zero byte in it")
        }
    }

    /// Whether a text's first line names columns.
    static func namesColumns(_ line: some Sequence<UInt8>, separator: UInt8) -> Bool {
        let fields = Array(line).split(separator: separator, omittingEmptySubsequences: false).map { Array($0) }
        return fields.count > 1 && ((try? header(fields, line: 1)) ?? nil) != nil
    }
}
