/// Cuts a text into rows and those into fields; a line of .jsonl is one field.
struct TableScanner {
    /// The line, from 1, on which the last row began.
    private(set) var line = 0

    private let bytes: UnsafeRawBufferPointer
    private let separator: UInt8?
    private let quotes: Bool
    private var place: Int
    private var nextLine = 1

    private static let quote = UInt8(ascii: "\"")

    init(_ bytes: UnsafeRawBufferPointer, format: CaptionsFile.Format) {
        self.bytes = bytes
        // Spreadsheets write a mark of the byte order.
        place = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        switch format {
        case .tsv: separator = 0x09
        case .csv: separator = UInt8(ascii: ",")
        case .jsonl: separator = nil
        }
        quotes = format == .csv
    }

    /// Whether there is no further row.
    var isAtEnd: Bool { place >= bytes.count }

    /// The fields of the next row; nil after the last.
    mutating func next() throws(CaptionsDamage) -> [[UInt8]]? {
        guard place < bytes.count else { return nil }
        line = nextLine
        var fields: [[UInt8]] = []
        while true {
            fields.append(try field())
            guard place < bytes.count else { return fields }
            let byte = bytes[place]
            place += 1
            if byte == 0x0A {
                nextLine += 1
                return fields
            }
            // A separator at the very end closes an empty field.
            if place == bytes.count {
                fields.append([])
                return fields
            }
        }
    }

    /// The field that begins here; stops at what ends it, or at the end.
    private mutating func field() throws(CaptionsDamage) -> [UInt8] {
        guard quotes, place < bytes.count, bytes[place] == TableScanner.quote else { return plain() }
        place += 1
        var field: [UInt8] = []
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == TableScanner.quote {
                if place < bytes.count, bytes[place] == TableScanner.quote {
                    place += 1
                } else {
                    guard plain().isEmpty else {
                        throw CaptionsDamage(line: nextLine, reason: "something follows a closing quote")
                    }
                    return field
                }
            }
            if byte == 0x0A { nextLine += 1 }
            field.append(byte)
        }
        throw CaptionsDamage(line: line, reason: "a quote is never closed")
    }

    private mutating func plain() -> [UInt8] {
        let start = place
        while place < bytes.count, bytes[place] != 0x0A, bytes[place] != separator { place += 1 }
        var field = bytes[start..<place]
        // The line end of Windows.
        if field.last == 0x0D, place == bytes.count || bytes[place] == 0x0A { field = field.dropLast() }
        return Array(field)
    }
}
