import Files

/// Reads the rows of a table; see `ImageTable`.
struct TableReader {
    /// The rows.
    private(set) var rows = TableRows()
    /// The name of each column in the table.
    private(set) var names: [ImageColumn: String] = [:]
    /// The names that stand for no column.
    private(set) var unused: [String] = []

    private let chosen: [NamedColumn]

    /// The number of rows from which the memory of all rows is estimated.
    private static let sampled = 4096

    /// Reads a text.
    init(_ bytes: UnsafeRawBufferPointer, format: TableFormat, chosen: [NamedColumn] = []) throws(TableDamage) {
        self.chosen = chosen
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw TableDamage(line: 1, reason: "is text in UTF-16; save the table as UTF-8")
        }
        switch format {
        case .fields(let separator): try readFields(bytes, separator)
        case .jsonl: try readObjects(bytes)
        }
        rows.close()
    }

    /// Whether the first row names a column of image paths.
    static func namesImages(_ bytes: UnsafeRawBufferPointer, format: TableFormat) -> Bool {
        guard case .fields(let separator) = format else {
            let line = bytes.prefix { $0 != 0x0A }
            let object = try? JSONDecoder().decode(
                TableObject.self, from: Data(line), configuration: TableObject.Keys())
            return object?.keys[.path] != nil
        }
        var scanner = TableScanner(bytes, separator: separator)
        guard (try? scanner.next()) == true else { return false }
        let names = scanner.fields.indices.map { place in scanner.withBytes(place) { SystemPath.text($0) } }
        return (try? TableNames(names, chosen: []))?.places[.path] != nil
    }

    // MARK: Fields

    private mutating func readFields(_ bytes: UnsafeRawBufferPointer, _ separator: UInt8) throws(TableDamage) {
        var scanner = TableScanner(bytes, separator: separator)
        guard try TableReader.nextRow(&scanner) else { return }
        let first = scanner.fields.indices.map { place in scanner.withBytes(place) { SystemPath.text($0) } }
        let count = first.count
        let named = try named(first, line: scanner.line)
        var places = named?.places.map { ($0.key, $0.value) } ?? [(.path, 0), (.caption, 1)]
        // The path first, so that a row without one is reported as such.
        places.sort { $0.0 == .path && $1.0 != .path }
        if let named {
            names = named.places.mapValues { named.names[$0] }
            unused = named.unused
            guard try TableReader.nextRow(&scanner) else { return }
        } else {
            guard count == 2 else {
                throw TableDamage(
                    line: scanner.line,
                    reason:
                        "has \(counted(count, "column")), of which none is named as the image's; name the columns in a "
                        + "first row, as image and label or image and caption")
            }
            names = [.path: "1", .caption: "2"]
        }
        rows.columns.mention(names.keys)
        // The first row is a heading if it has no path with an image's extension and the second row has one.
        var heading = named == nil && FileKind(name: Array(first[0].utf8)) != .image ? first : nil
        repeat {
            guard scanner.fields.count == count else {
                throw TableDamage(
                    line: scanner.line,
                    reason: "has \(counted(scanner.fields.count, "column")), must have \(count)")
            }
            for (column, place) in places {
                try TableReader.at(scanner.line) { () throws(ImageColumns.Nonsense) in
                    try scanner.withBytes(place) { bytes throws(ImageColumns.Nonsense) in try rows.set(column, bytes) }
                }
            }
            try TableReader.at(scanner.line) { () throws(ImageColumns.Nonsense) in try rows.end() }
            if rows.count == TableReader.sampled { rows.reserve(1.05 * scanner.remainder) }
            if let names = heading, rows.count == 2 || scanner.isAtEnd {
                if scanner.withBytes(0, { FileKind(name: Array($0)) }) == .image {
                    throw TableReader.unknown(names, line: 1)
                }
                heading = nil
            }
        } while try TableReader.nextRow(&scanner)
    }

    /// Moves to the next row that is not blank.
    private static func nextRow(_ scanner: inout TableScanner) throws(TableDamage) -> Bool {
        while try scanner.next() {
            if !scanner.isBlank { return true }
        }
        return false
    }

    /// The columns that a first row names; nil if it names none.
    private func named(_ row: [String], line: Int) throws(TableDamage) -> TableNames? {
        let found: TableNames
        do throws(TableNames.Missing) {
            found = try TableNames(row, chosen: chosen)
        } catch {
            throw TableDamage(
                line: line,
                reason: "has no column \(error.name); its columns are \(TableReader.list(row))")
        }
        if found.places[.path] != nil { return found }
        let isRow = row.contains { FileKind(name: Array($0.utf8)) == .image }
        guard !chosen.isEmpty || (!found.places.isEmpty && !isRow) else { return nil }
        throw TableReader.unknown(row, line: line)
    }

    private static func unknown(_ names: [String], line: Int) -> TableDamage {
        TableDamage(
            line: line,
            reason: "names no column of images: \(list(names)); call it image, or say --column path=NAME")
    }

    private static func list(_ names: [String]) -> String {
        names.prefix(12).map { SystemPath.printable($0) }.joined(separator: ", ")
            + (names.count > 12 ? " and \(names.count - 12) more" : "")
    }

    private static func at(_ line: Int, _ body: () throws(ImageColumns.Nonsense) -> Void) throws(TableDamage) {
        do throws(ImageColumns.Nonsense) { try body() } catch { throw TableDamage(line: line, reason: error.reason) }
    }

    // MARK: Objects

    private mutating func readObjects(_ bytes: UnsafeRawBufferPointer) throws(TableDamage) {
        var scanner = TableScanner(bytes, separator: nil)
        var keys = TableObject.Keys(chosen: chosen)
        let decoder = JSONDecoder()
        var plain = ObjectScanner(keys)
        while try TableReader.nextRow(&scanner) {
            if rows.count == TableReader.sampled { rows.reserve(1.05 * scanner.remainder) }
            if scanner.withBytes(0, { plain.read($0) }) {
                if plain.isNew {
                    names.merge(plain.names) { first, _ in first }
                    rows.columns.mention(plain.values.filter { $0.kind != .null && $0.kind != .list }.map(\.column))
                }
                try TableReader.at(scanner.line) { () throws(ImageColumns.Nonsense) in try rows.add(plain) }
                continue
            }
            let data = scanner.withBytes(0) { Data($0) }
            guard let object = try? decoder.decode(TableObject.self, from: data, configuration: keys) else {
                throw TableDamage(line: scanner.line, reason: "is no JSON object")
            }
            if let wrong = object.wrong {
                throw TableDamage(line: scanner.line, reason: "\(SystemPath.printable(wrong)) must be text")
            }
            guard object.keys[.path] != nil else {
                throw TableDamage(
                    line: scanner.line,
                    reason: "names no image; its key must be image or file_name, or be chosen by --column path=NAME")
            }
            keys.numbers.formUnion(object.numbers)
            names.merge(object.keys) { first, _ in first }
            try TableReader.at(scanner.line) { () throws(ImageColumns.Nonsense) in try rows.add(object) }
        }
        for choice in chosen where names[choice.column] == nil {
            throw TableDamage(line: 1, reason: "has no key \(choice.name), nor has any line after it")
        }
    }
}
