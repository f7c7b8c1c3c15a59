/// One block of 512 bytes that describes a member of a tar archive: POSIX ustar, GNU and old V7.
///
/// Nothing in it is trusted: the checksum must match, and the caller compares the size with its file.
struct TarHeader: Equatable {
    /// The size of a block in bytes; headers and contents start at multiples of it.
    static let block = 512

    /// The kinds of members that readers distinguish.
    enum Kind: Equatable {
        case file
        /// The name, or the link target, of the member that follows (GNU types L and K).
        case longName, longLink
        /// Records for the member that follows, or for all (POSIX types x and g).
        case records, globalRecords
        /// A sparse file (GNU type S), whose header may continue in further blocks.
        case sparse(continues: Bool)
        /// A link, folder, device or pipe.
        case other
    }

    var kind: Kind
    /// The path in the bytes of the archive, prefix included.
    var name: [UInt8]
    /// Bytes of contents.
    var size: Int

    /// Why a block is not a header.
    struct Damage: Error, Equatable {
        var reason: String
        /// The offset in the archive, if known.
        var offset: Int?
    }

    /// Reads a block; nil if it is filled with zeros, as at the end of an archive.
    /// - Precondition: there are 512 bytes.
    init?(_ block: UnsafeRawBufferPointer) throws(Damage) {
        if block.allSatisfy({ $0 == 0 }) { return nil }
        guard let stored = TarHeader.number(block[148..<156]), TarHeader.sums(of: block).contains(stored) else {
            throw Damage(reason: "is not a tar header, or its checksum is wrong")
        }
        guard let size = TarHeader.number(block[124..<136]) else { throw Damage(reason: "has an impossible size") }
        let type = block[156]
        // In V7 archives a file whose name ends in a slash is a folder.
        name = Array(block[0..<100].prefix { $0 != 0 })
        switch type {
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = name.last == UInt8(ascii: "/") ? .other : .file
        case UInt8(ascii: "L"): kind = .longName
        case UInt8(ascii: "K"): kind = .longLink
        case UInt8(ascii: "x"), UInt8(ascii: "X"): kind = .records
        case UInt8(ascii: "g"): kind = .globalRecords
        case UInt8(ascii: "S"): kind = .sparse(continues: block[482] != 0)
        default: kind = .other
        }
        // Links may have a size, but have no contents.
        self.size = (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(type) ? 0 : size
        // POSIX ends the magic with a zero; GNU's archives store other data in the field of the prefix.
        if block[257..<263].elementsEqual(Array("ustar\0".utf8)) {
            let prefix = block[345..<500].prefix { $0 != 0 }
            if !prefix.isEmpty { name = Array(prefix) + [UInt8(ascii: "/")] + name }
        }
    }

    /// A number in octal digits, or in GNU's base 256 if the first bit is set; nil if it is neither, negative, or above
    /// 2^62.
    static func number(_ field: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard let first = field.first else { return nil }
        var value = 0
        if first & 0x80 != 0 {
            // The second bit is the sign.
            guard first & 0x40 == 0 else { return nil }
            for (place, byte) in field.enumerated() {
                guard value < 1 << 54 else { return nil }
                value = value << 8 | Int(place == 0 ? byte & 0x3F : byte)
            }
            return value
        }
        var digits = field.drop { $0 == 0x20 }[...]
        if let end = digits.firstIndex(where: { $0 == 0 || $0 == 0x20 }) {
            guard digits[end...].allSatisfy({ $0 == 0 || $0 == 0x20 }) else { return nil }
            digits = digits[..<end]
        }
        for byte in digits {
            guard (0x30...0x37).contains(byte), value < 1 << 58 else { return nil }
            value = value << 3 | Int(byte - 0x30)
        }
        return value
    }

    /// The sums of the bytes, with spaces for the checksum: unsigned, and signed as in some old archives.
    private static func sums(of block: UnsafeRawBufferPointer) -> [Int] {
        var unsigned = 0
        var high = 0
        for index in 0..<TarHeader.block where !(148..<156).contains(index) {
            unsigned += Int(block[index])
            if block[index] >= 0x80 { high += 1 }
        }
        return [unsigned + 8 * 0x20, unsigned + 8 * 0x20 - 256 * high]
    }
}

/// The records of a pax header: `LENGTH KEY=VALUE\n`, one after another.
struct PaxRecords {
    /// The path of the member that follows.
    var path: [UInt8]?
    /// Its size.
    var size: Int?
    /// Whether it is a sparse file, whose stored contents are not those of the file.
    var isSparse = false

    /// Reads records; nil if they contradict their lengths.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        // Some writers pad with zeros.
        while let first = rest.first, first != 0 {
            guard let space = rest.prefix(20).firstIndex(of: 0x20),
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)), length <= rest.count,
                length > space - rest.startIndex + 1
            else { return nil }
            let record = rest[(space + 1)..<(rest.startIndex + length)]
            guard record.last == 0x0A, let equals = record.firstIndex(of: UInt8(ascii: "=")) else { return nil }
            let key = String(decoding: record[..<equals], as: UTF8.self)
            let value = record[(equals + 1)...].dropLast()
            switch key {
            case "path": path = Array(value)
            case "size":
                guard let number = Int(String(decoding: value, as: UTF8.self)), number >= 0, number < 1 << 62 else {
                    return nil
                }
                size = number
            default: if key.hasPrefix("GNU.sparse.") { isSparse = true }
            }
            rest = rest[(rest.startIndex + length)...]
        }
    }
}
