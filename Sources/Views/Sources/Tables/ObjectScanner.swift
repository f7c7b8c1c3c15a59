import Files

/// Reads JSON objects of texts, numbers, words and lists of texts or whole numbers: the lines that tables have.
///
/// `JSONDecoder`, which is slower, reads all other lines and says what is wrong with them.
struct ObjectScanner {
    /// What a column has.
    struct Value {
        enum Kind {
            case text, number, word, null, list
        }
        var column: ImageColumn
        var kind: Kind
        /// The value's part of `bytes`, or of `items` if it is a list.
        var range: Range<Int>
    }

    /// The values of the last object, by columns; other keys are skipped.
    private(set) var values: [Value] = []
    /// The bytes of all values, without escapes.
    private(set) var bytes: [UInt8] = []
    /// The parts of `bytes` that are members of lists.
    private(set) var items: [Range<Int>] = []
    /// Whether the last object has other keys than the one before, or values of columns that had none.
    private(set) var isNew = false

    /// A key and what it means.
    private struct Member {
        let key: [UInt8]
        let column: ImageColumn?
        let bit: UInt8
        /// Whether the column has numbers and words too.
        let takesOthers: Bool
        /// Whether it was a text, a number or a word since it was a list.
        var isSaid = false

        init(_ key: [UInt8], _ column: ImageColumn?) {
            (self.key, self.column) = (key, column)
            bit = column.flatMap(ImageColumn.allCases.firstIndex).map { 1 << $0 } ?? 0
            takesOthers = column != .path && column != .caption
        }
    }

    private let keys: TableObject.Keys
    /// The keys of the last object in order; most tables have the same in all lines.
    private var shape: [Member] = []
    /// The columns of the object so far.
    private var seen: UInt8 = 0
    private var line = UnsafeRawBufferPointer(start: nil, count: 0)
    private var place = 0

    init(_ keys: TableObject.Keys) { self.keys = keys }

    /// The columns of the last object with their keys.
    var names: [ImageColumn: String] {
        var names: [ImageColumn: String] = [:]
        for member in shape {
            if let column = member.column { names[column] = String(decoding: member.key, as: UTF8.self) }
        }
        return names
    }

    /// Reads a line; false if it is left to `JSONDecoder`.
    mutating func read(_ line: UnsafeRawBufferPointer) -> Bool {
        (self.line, place, isNew, seen) = (line, 0, false, 0)
        values.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        items.removeAll(keepingCapacity: true)
        let isRead = object()
        if !isRead { shape.removeAll(keepingCapacity: true) }
        return isRead
    }

    // MARK: Parts

    private mutating func object() -> Bool {
        guard take("{") else { return false }
        var count = 0
        repeat {
            guard take("\""), let key = plainText(), take(":"), member(count, key) else { return false }
            count += 1
        } while take(",")
        guard take("}"), next() == nil else { return false }
        if count < shape.count {
            shape.removeLast(shape.count - count)
            isNew = true
        }
        // Of two lists of labels, and of a list beside labels in one text, another rule decides.
        return seen & ObjectScanner.path != 0
            && (seen & ObjectScanner.labels != ObjectScanner.labels
                || !values.contains { $0.kind == .list && $0.column == .label })
    }

    private static let path = Member([], .path).bit
    private static let labels = Member([], .label).bit | Member([], .labels).bit

    /// The key at an index, then its value.
    private mutating func member(_ index: Int, _ key: UnsafeRawBufferPointer) -> Bool {
        if index >= shape.count || !shape[index].key.withUnsafeBytes({ $0.hasBytes(of: key) }) {
            guard let name = String(validating: key, as: UTF8.self) else { return false }
            shape.removeLast(shape.count - min(index, shape.count))
            shape.append(Member(Array(key), keys.meaning(of: name)?.column))
            isNew = true
        }
        guard let first = next() else { return false }
        let member = shape[index]
        // Of two keys with one meaning another rule decides.
        guard seen & member.bit == 0 else { return false }
        seen |= member.bit
        let (start, kind): (Int, Value.Kind)
        switch first {
        case UInt8(ascii: "\""):
            (start, kind) = (bytes.count, .text)
            place += 1
            guard text() else { return false }
        case UInt8(ascii: "["):
            (start, kind) = (items.count, .list)
            guard member.column.map({ $0 == .label || $0 == .labels }) ?? true, list() else { return false }
        case UInt8(ascii: "n"):
            (start, kind) = (bytes.count, .null)
            guard word("null") else { return false }
        case UInt8(ascii: "t"), UInt8(ascii: "f"):
            (start, kind) = (bytes.count, .word)
            guard member.takesOthers, word(first == UInt8(ascii: "t") ? "true" : "false") else { return false }
        default:
            (start, kind) = (bytes.count, .number)
            guard member.takesOthers, number(mayHaveFraction: true) else { return false }
        }
        guard let column = member.column else { return true }
        values.append(Value(column: column, kind: kind, range: start..<(kind == .list ? items.count : bytes.count)))
        isNew = isNew || (kind != .null && !member.isSaid)
        if kind != .null { shape[index].isSaid = kind != .list }
        return true
    }

    private mutating func list() -> Bool {
        place += 1
        if take("]") { return true }
        var isOfTexts: Bool?
        repeat {
            let start = bytes.count
            let isText = take("\"")
            guard isText == isOfTexts ?? isText else { return false }
            isOfTexts = isText
            guard isText ? text() : next() != nil && number(mayHaveFraction: false) else { return false }
            // Tables that are written have it between labels.
            guard !bytes[start...].contains(ImageColumns.separator) else { return false }
            items.append(start..<bytes.count)
        } while take(",")
        return take("]")
    }

    /// A text without escapes, up to its quote; its bytes stay in the line.
    private mutating func plainText() -> UnsafeRawBufferPointer? {
        let start = place
        while place < line.count, line[place] != UInt8(ascii: "\"") {
            guard line[place] >= 0x20, line[place] != UInt8(ascii: "\\") else { return nil }
            place += 1
        }
        guard place < line.count else { return nil }
        place += 1
        return UnsafeRawBufferPointer(rebasing: line[start..<place - 1])
    }

    /// Adds a text up to its quote to `bytes`.
    private mutating func text() -> Bool {
        let start = bytes.count
        var isASCII = true
        while place < line.count {
            let begin = place
            while place < line.count, line[place] != UInt8(ascii: "\""), line[place] != UInt8(ascii: "\\") {
                guard line[place] >= 0x20 else { return false }
                isASCII = isASCII && line[place] < 0x80
                place += 1
            }
            bytes.append(contentsOf: line[begin..<place])
            guard place < line.count else { return false }
            place += 1
            if line[place - 1] == UInt8(ascii: "\"") {
                return isASCII || bytes[start...].withUnsafeBytes { String(validating: $0, as: UTF8.self) != nil }
            }
            guard escape() else { return false }
        }
        return false
    }

    private static let escapes: [UInt8: UInt8] = [
        0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09,
    ]

    private mutating func escape() -> Bool {
        guard place < line.count else { return false }
        place += 1
        guard line[place - 1] == UInt8(ascii: "u") else {
            guard let byte = ObjectScanner.escapes[line[place - 1]] else { return false }
            bytes.append(byte)
            return true
        }
        guard let unit = unit() else { return false }
        if let scalar = Unicode.Scalar(unit) {
            bytes.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
            return true
        }
        // Two halves of a character.
        guard unit < 0xDC00, place + 1 < line.count, line[place] == UInt8(ascii: "\\"),
            line[place + 1] == UInt8(ascii: "u")
        else { return false }
        place += 2
        guard let low = self.unit(), (0xDC00..<0xE000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
        else { return false }
        bytes.append(contentsOf: UTF8.encode(scalar).unsafelyUnwrapped)
        return true
    }

    /// The number of four hexadecimal digits.
    private mutating func unit() -> UInt32? {
        guard place + 4 <= line.count else { return nil }
        let digits = line[place..<place + 4]
        place += 4
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    /// Adds a number to `bytes`, as it is written if it is whole.
    private mutating func number(mayHaveFraction: Bool) -> Bool {
        let start = place
        if place < line.count, line[place] == UInt8(ascii: "-") { place += 1 }
        let digits = place
        while isDigit { place += 1 }
        let count = place - digits
        let isZero = count > 0 && line[digits] == UInt8(ascii: "0")
        guard (1...18).contains(count), !isZero || (count == 1 && (digits == start || mayHaveFraction)) else {
            return false
        }
        guard mayHaveFraction, place < line.count, line[place] == UInt8(ascii: ".") else {
            guard !isZero || digits == start else { return false }
            bytes.append(contentsOf: line[start..<place])
            return place == line.count || ![0x2E, 0x45, 0x65].contains(line[place])
        }
        place += 1
        let fraction = place
        while isDigit { place += 1 }
        guard place > fraction, place == line.count || ![0x45, 0x65].contains(line[place]),
            let number = Double(String(decoding: line[start..<place], as: UTF8.self)),
            number != number.rounded()
        else { return false }
        bytes.append(contentsOf: "\(number)".utf8)
        return true
    }

    private var isDigit: Bool { place < line.count && (0x30...0x39).contains(line[place]) }

    private mutating func word(_ word: StaticString) -> Bool {
        let end = place + word.utf8CodeUnitCount
        guard end <= line.count else { return false }
        let wanted = UnsafeRawBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        guard UnsafeRawBufferPointer(rebasing: line[place..<end]).hasBytes(of: wanted) else { return false }
        place = end
        bytes.append(contentsOf: wanted)
        return true
    }

    /// The next byte that is no space; nil at the end.
    private mutating func next() -> UInt8? {
        while place < line.count, isSpace(line[place]) { place += 1 }
        return place < line.count ? line[place] : nil
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D || byte == 0x0A }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard next() == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Whether both have the same bytes.
    func hasBytes(of other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count, let one = baseAddress, let two = other.baseAddress else {
            return count == other.count
        }
        return memcmp(one, two, count) == 0
    }
}
