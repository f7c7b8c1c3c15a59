/// An error in a table and its line.
struct TableDamage: Error, Equatable {
    /// The line, from 1.
    var line: Int
    /// The reason, in one line.
    var reason: String
}

/// Splits a text into rows and fields, without copying them.
struct TableScanner {
    /// The position of a field.
    struct Field {
        var range: Range<Int>
        /// Whether it contains doubled quotes.
        var isDoubled = false
    }

    /// The line, from 1, on which the last row began.
    private(set) var line = 0
    /// The fields of the last row.
    private(set) var fields: [Field] = []

    private let bytes: UnsafeRawBufferPointer
    private let separator: UInt8?
    private var place: Int
    private var nextLine = 1

    private static let quote = UInt8(ascii: "\"")

    /// The byte order mark that spreadsheets write at the start of UTF-8 text.
    static let byteOrder: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// - Parameter separator: the separator of fields; nil if each line is one field.
    init(_ bytes: UnsafeRawBufferPointer, separator: UInt8?) {
        self.bytes = bytes
        self.separator = separator
        place = bytes.starts(with: TableScanner.byteOrder) ? TableScanner.byteOrder.count : 0
    }

    /// Whether all rows have been read.
    var isAtEnd: Bool { place >= bytes.count }

    /// The size of the text divided by that of the part scanned so far.
    var remainder: Double { Double(bytes.count) / Double(max(1, place)) }

    /// Whether the last row is a blank line.
    var isBlank: Bool { fields.count == 1 && bytes[fields[0].range].allSatisfy { $0 == 0x20 } }

    /// Moves to the next row. Returns false after the last.
    mutating func next() throws(TableDamage) -> Bool {
        fields.removeAll(keepingCapacity: true)
        guard place < bytes.count else { return false }
        line = nextLine
        while true {
            fields.append(try field())
            guard place < bytes.count else { return true }
            let byte = bytes[place]
            place += 1
            if byte == 0x0A {
                nextLine += 1
                return true
            }
            // A separator at the very end is followed by an empty field.
            if place == bytes.count {
                fields.append(Field(range: place..<place))
                return true
            }
        }
    }

    /// Calls a body with the bytes of a field of the last row, with doubled quotes made single.
    func withBytes<Result, Failure: Error>(
        _ number: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let field = fields[number]
        let text = UnsafeRawBufferPointer(rebasing: bytes[field.range])
        guard field.isDoubled else { return try body(text) }
        var single: [UInt8] = []
        var isSecond = false
        for byte in text {
            isSecond = byte == TableScanner.quote && !isSecond
            if !isSecond { single.append(byte) }
        }
        return try single.withUnsafeBufferPointer { bytes throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }

    /// Reads the field that begins here, up to its separator or line end.
    private mutating func field() throws(TableDamage) -> Field {
        guard let separator, place < bytes.count, bytes[place] == TableScanner.quote else {
            return Field(range: plain())
        }
        if separator == 0x09 { return tabbed() }
        place += 1
        let start = place
        var isDoubled = false
        while place < bytes.count {
            let byte = bytes[place]
            place += 1
            if byte == 0x0A { nextLine += 1 }
            guard byte == TableScanner.quote else { continue }
            if place < bytes.count, bytes[place] == TableScanner.quote {
                place += 1
                isDoubled = true
                continue
            }
            let end = place - 1
            guard plain().isEmpty else {
                throw TableDamage(line: nextLine, reason: "something follows a closing quote")
            }
            return Field(range: start..<end, isDoubled: isDoubled)
        }
        throw TableDamage(line: line, reason: "a quote is never closed")
    }

    /// A field between tabs that begins with a quote. Texts may begin with one, and some programs quote whole fields.
    private mutating func tabbed() -> Field {
        let range = plain()
        let inner = bytes[range].dropFirst().dropLast()
        let quotes = inner.count { $0 == TableScanner.quote }
        guard range.count > 1, bytes[range.upperBound - 1] == TableScanner.quote, quotes % 2 == 0 else {
            return Field(range: range)
        }
        var place = inner.startIndex
        while place < inner.endIndex {
            guard inner[place] == TableScanner.quote else {
                place += 1
                continue
            }
            guard place + 1 < inner.endIndex, inner[place + 1] == TableScanner.quote else { return Field(range: range) }
            place += 2
        }
        return Field(range: inner.startIndex..<inner.endIndex, isDoubled: quotes > 0)
    }

    private mutating func plain() -> Range<Int> {
        let start = place
        while place < bytes.count, bytes[place] != 0x0A, bytes[place] != separator { place += 1 }
        // A line end of Windows.
        let isReturn = place > start && bytes[place - 1] == 0x0D && (place == bytes.count || bytes[place] == 0x0A)
        return start..<(isReturn ? place - 1 : place)
    }
}
