import Foundation

/// What is wrong with a captions file, and where.
struct CaptionsDamage: Error, Equatable {
    /// The line, from 1.
    var line: Int
    /// One line for people.
    var reason: String
}

/// Reads the rows of a captions file; see `CaptionsFile`.
struct CaptionsReader {
    private static let imageNames = [
        "image", "image_path", "filepath", "file_path", "file_name", "filename", "file", "path",
    ]
    private static let captionNames = ["caption", "text", "title", "sentence"]

    /// Which fields of a row count, and how many it has.
    private struct Columns {
        var image = 0
        var caption = 1
        var count = 2
    }

    private let format: CaptionsFile.Format

    init(_ format: CaptionsFile.Format) { self.format = format }

    /// Calls `body` with the path and the caption of each row, in UTF-8.
    func read(
        _ bytes: UnsafeRawBufferPointer, _ body: (_ image: [UInt8], _ caption: [UInt8]) -> Void
    ) throws(CaptionsDamage) {
        var scanner = TableScanner(bytes, format: format)
        var columns: Columns?
        while let row = try scanner.next() {
            let line = scanner.line
            // A blank line is no row; in a table of one column it would be.
            if row.count == 1, row[0].allSatisfy({ $0 == 0x20 }) { continue }
            if format != .jsonl, columns == nil {
                let header = CaptionsReader.header(row)
                columns = header ?? Columns()
                if header != nil { continue }
                guard row.count == 2 else {
                    throw CaptionsDamage(
                        line: line,
                        reason: "has \(row.count) columns, of which none is named as the image's and the caption's; "
                            + "call them image and caption in a first row")
                }
            }
            let pair: (image: [UInt8], caption: [UInt8])
            if let columns {
                pair = try CaptionsReader.take(columns, of: row, line: line)
            } else {
                pair = try CaptionsReader.object(row[0], line: line)
            }
            try CaptionsReader.check(pair, line: line)
            body(pair.image, pair.caption)
        }
    }

    private static func header(_ row: [[UInt8]]) -> Columns? {
        let names = row.map { field in
            String(decoding: field, as: UTF8.self).lowercased().filter { !$0.isWhitespace }
        }
        func place(_ known: [String]) -> Int? { known.lazy.compactMap { names.firstIndex(of: $0) }.first }
        guard let image = place(imageNames), let caption = place(captionNames) else { return nil }
        return Columns(image: image, caption: caption, count: row.count)
    }

    private static func take(
        _ columns: Columns, of row: [[UInt8]], line: Int
    ) throws(CaptionsDamage) -> (image: [UInt8], caption: [UInt8]) {
        guard row.count == columns.count else {
            throw CaptionsDamage(line: line, reason: "has \(row.count) columns, must have \(columns.count)")
        }
        return (row[columns.image], row[columns.caption])
    }

    private static func object(
        _ text: [UInt8], line: Int
    ) throws(CaptionsDamage) -> (image: [UInt8], caption: [UInt8]) {
        guard let object = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any] else {
            throw CaptionsDamage(line: line, reason: "is no JSON object")
        }
        let named = Dictionary(object.map { ($0.lowercased(), $1) }, uniquingKeysWith: { first, _ in first })
        func value(_ names: [String]) throws(CaptionsDamage) -> String? {
            guard let name = names.first(where: { named[$0] != nil }), let value = named[name] else { return nil }
            if value is NSNull { return "" }
            guard let text = value as? String else { throw CaptionsDamage(line: line, reason: "\(name) must be text") }
            return text
        }
        guard let image = try value(imageNames), let caption = try value(captionNames) else {
            throw CaptionsDamage(line: line, reason: "must have the keys image and caption")
        }
        return (Array(image.utf8), Array(caption.utf8))
    }

    private static func check(_ pair: (image: [UInt8], caption: [UInt8]), line: Int) throws(CaptionsDamage) {
        guard !pair.image.isEmpty else { throw CaptionsDamage(line: line, reason: "names no image") }
        for (what, bytes) in [("image", pair.image), ("caption", pair.caption)] {
            guard String(validating: bytes, as: UTF8.self) != nil else {
                throw CaptionsDamage(line: line, reason: "the \(what) is not text in UTF-8")
            }
        }
        guard !pair.image.contains(0) else {
            throw CaptionsDamage(line: line, reason: "the image's path has a zero byte in it")
        }
    }
}
