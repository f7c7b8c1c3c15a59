/// The format of a table.
public enum TableFormat: Equatable, Sendable {
    /// Fields with a separator as in RFC 4180: a comma, a semicolon, a tab or `|`.
    case fields(separator: UInt8)
    /// JSON objects, one per line.
    case jsonl

    /// Fields separated by commas.
    public static let csv = TableFormat.fields(separator: UInt8(ascii: ","))
    /// Fields separated by tabs. Quotes have a meaning only around a whole field of one line.
    public static let tsv = TableFormat.fields(separator: 0x09)

    private static let separators: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: ";"), 0x09, UInt8(ascii: "|")]

    /// The format of a file by its extension, in upper or lower case, and by the separator in its first line. A .txt
    /// file is a table if that line names columns. Nil if it is not a table.
    init?(opening data: UnsafeRawBufferPointer, name: String, chosen: [NamedColumn] = []) {
        let name = name.lowercased()
        if name.hasSuffix(".jsonl") {
            self = .jsonl
            return
        }
        let isText = name.hasSuffix(".txt")
        let usual: UInt8 = name.hasSuffix(".csv") ? UInt8(ascii: ",") : 0x09
        guard isText || name.hasSuffix(".csv") || name.hasSuffix(".tsv") else { return nil }
        let start = data.starts(with: TableScanner.byteOrder) ? TableScanner.byteOrder.count : 0
        let line = data.dropFirst(start).prefix(TableFormat.looked).prefix { $0 != 0x0A && $0 != 0x0D }
        let order = [usual] + TableFormat.separators.filter { $0 != usual }
        let rows = order.map { TableFormat.fields(of: line, separator: $0) }
        let named = rows.firstIndex { row in
            let names = try? TableNames(row, chosen: chosen)
            return row.count > 1 && names?.places[.path] != nil
        }
        guard !isText || named != nil else { return nil }
        // Without column names the separator is a guess: the usual one, or else one that gives a path and a text.
        let guess = rows[0].count > 1 ? 0 : rows.firstIndex { $0.count == 2 } ?? rows.firstIndex { $0.count > 2 } ?? 0
        self = .fields(separator: order[named ?? guess])
    }

    /// The bytes of the first line that are read.
    static let looked = 1 << 16

    /// The fields of a line.
    private static func fields(of line: some Collection<UInt8>, separator: UInt8) -> [String] {
        let bytes = Array(line)
        return bytes.withUnsafeBytes { bytes in
            var scanner = TableScanner(bytes, separator: separator)
            guard (try? scanner.next()) == true else { return [] }
            return scanner.fields.indices.map { place in
                scanner.withBytes(place) { String(decoding: $0, as: UTF8.self) }
            }
        }
    }
}
