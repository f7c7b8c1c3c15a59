/// Why the bytes of a file cannot be used.
struct Refusal: Error {
    var reason: String

    init(_ reason: String) { self.reason = reason }

    static var cutShort: Refusal { Refusal("is cut short or damaged") }
}

/// A position in untrusted bytes: every read is checked.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    var position: Int

    init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// The next bytes.
    mutating func take(_ count: Int) throws(Refusal) -> UnsafeRawBufferPointer {
        guard position >= 0, position <= bytes.count, count >= 0, count <= bytes.count - position else {
            throw .cutShort
        }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    /// The next integer, little-endian.
    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws(Refusal) -> Value {
        Value(littleEndian: try take(MemoryLayout<Value>.size).loadUnaligned(as: Value.self))
    }

    /// The next count or offset of 2, 4 or 8 bytes, little-endian.
    mutating func count<Value: FixedWidthInteger>(_ type: Value.Type) throws(Refusal) -> Int {
        guard let count = Int(exactly: try integer(type)), count >= 0 else { throw .cutShort }
        return count
    }

    /// The next bytes as text, with invalid UTF-8 replaced.
    mutating func text(_ count: Int) throws(Refusal) -> String { String(decoding: try take(count), as: UTF8.self) }

    /// The text before the next line feed, which is skipped.
    mutating func line() throws(Refusal) -> String {
        guard let end = bytes[min(position, bytes.count)...].prefix(1 << 12).firstIndex(of: 0x0A) else {
            throw .cutShort
        }
        defer { position = end + 1 }
        return try text(end - position)
    }
}
