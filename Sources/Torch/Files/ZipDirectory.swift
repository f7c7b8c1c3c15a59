import Foundation

/// The entries of a zip archive without compression, as PyTorch writes them.
struct ZipDirectory {
    /// The bytes of each entry by its name.
    let entries: [String: Data]

    /// The signature of an archive.
    static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]
    private static let most = 1_000_000

    /// Reads the directory at the end of an archive.
    /// - Throws: `Refusal` if it is truncated or inconsistent, or has compressed or encrypted entries.
    init(_ data: Data) throws(Refusal) {
        entries = try data.readingBytes { bytes throws(Refusal) in
            var directory = try ZipDirectory.place(bytes)
            var entries: [String: Data] = [:]
            for _ in 0..<directory.count {
                let entry = try Entry(&directory.reader)
                guard entry.method == 0, entry.flags & 1 == 0, entry.packed == entry.size else {
                    throw Refusal("has compressed or encrypted entries, which PyTorch does not write")
                }
                var local = ByteReader(bytes, at: entry.offset)
                guard try local.integer(UInt32.self) == 0x0403_4B50 else { throw .cutShort }
                _ = try local.take(22)
                let (name, extra) = (try local.count(UInt16.self), try local.count(UInt16.self))
                _ = try local.take(name + extra)
                _ = try local.take(entry.size)
                let end = data.startIndex + local.position
                guard entries.updateValue(data[end - entry.size..<end], forKey: entry.name) == nil else {
                    throw Refusal("has two entries named \(entry.name)")
                }
            }
            return entries
        }
    }

    /// Finds the central directory: its first entry and their count.
    private static func place(_ bytes: UnsafeRawBufferPointer) throws(Refusal) -> (reader: ByteReader, count: Int) {
        // The end record has 22 bytes and a comment of at most 65,535.
        var place = bytes.count - 22
        let least = max(0, place - 65_535)
        while place >= least, bytes.loadUnaligned(fromByteOffset: place, as: UInt32.self).littleEndian != 0x0605_4B50 {
            place -= 1
        }
        guard place >= least else { throw Refusal("is a zip archive that is cut short: its directory is missing") }
        var end = ByteReader(bytes, at: place + 10)
        var count = try end.count(UInt16.self)
        _ = try end.count(UInt32.self)
        var offset = try end.count(UInt32.self)
        if place >= 20, count == 0xFFFF || offset == 0xFFFF_FFFF {
            var locator = ByteReader(bytes, at: place - 20)
            if try locator.integer(UInt32.self) == 0x0706_4B50 {
                _ = try locator.take(4)
                var wide = ByteReader(bytes, at: try locator.count(UInt64.self))
                guard try wide.integer(UInt32.self) == 0x0606_4B50 else { throw .cutShort }
                _ = try wide.take(28)
                count = try wide.count(UInt64.self)
                _ = try wide.take(8)
                offset = try wide.count(UInt64.self)
            }
        }
        guard count <= most else { throw Refusal("has \(count) entries, more than \(most)") }
        return (ByteReader(bytes, at: offset), count)
    }

    private struct Entry {
        var flags: UInt16
        var method: UInt16
        var packed: Int
        var size: Int
        var offset: Int
        var name: String

        init(_ reader: inout ByteReader) throws(Refusal) {
            guard try reader.integer(UInt32.self) == 0x0201_4B50 else { throw .cutShort }
            _ = try reader.take(4)
            flags = try reader.integer(UInt16.self)
            method = try reader.integer(UInt16.self)
            _ = try reader.take(8)
            packed = try reader.count(UInt32.self)
            size = try reader.count(UInt32.self)
            let lengths = (
                name: try reader.count(UInt16.self), extra: try reader.count(UInt16.self),
                comment: try reader.count(UInt16.self)
            )
            _ = try reader.take(8)
            offset = try reader.count(UInt32.self)
            name = try reader.text(lengths.name)
            var extra = ByteReader(try reader.take(lengths.extra))
            _ = try reader.take(lengths.comment)
            // Values that do not fit 32 bits are in an extra field, in this order.
            while extra.bytes.count - extra.position >= 4 {
                let kind = try extra.integer(UInt16.self)
                var field = ByteReader(try extra.take(try extra.count(UInt16.self)))
                guard kind == 1 else { continue }
                if size == 0xFFFF_FFFF { size = try field.count(UInt64.self) }
                if packed == 0xFFFF_FFFF { packed = try field.count(UInt64.self) }
                if offset == 0xFFFF_FFFF { offset = try field.count(UInt64.self) }
            }
        }
    }
}

extension Data {
    /// Calls a body with a reader of the bytes; its typed errors are kept.
    func readingBytes<Result>(
        _ body: (UnsafeRawBufferPointer) throws(Refusal) -> Result
    ) throws(Refusal) -> Result {
        let result = withUnsafeBytes { bytes in Swift.Result { () throws(Refusal) in try body(bytes) } }
        return try result.get()
    }
}
