import Files

/// Writes members of a tar archive to a descriptor: ustar, with a pax header for a name that does not fit.
///
/// Owner, times and modes are constant, so the same members give the same bytes.
final class TarWriter {
    private let file: Int32
    private let path: String
    private var buffer: [UInt8] = []

    /// Bytes written so far, without the two blocks that end an archive.
    private(set) var size = 0

    /// - Parameter path: the archive's path in errors.
    init(file: Int32, path: String) {
        self.file = file
        self.path = path
        buffer.reserveCapacity(1 << 20)
    }

    /// The size of a member, including padding and header.
    static func size(ofMember name: [UInt8], contents count: Int) -> Int {
        let extra = needsRecords(name) ? TarHeader.block + padded(records(of: name).count) : 0
        return extra + TarHeader.block + padded(count)
    }

    /// Writes a file.
    func add(_ name: [UInt8], _ contents: UnsafeRawBufferPointer) throws(FileError) {
        if TarWriter.needsRecords(name) {
            let records = TarWriter.records(of: name)
            try put(TarWriter.header(Array("././@PaxHeader".utf8), size: records.count, type: UInt8(ascii: "x")))
            try records.withUnsafeBytesTyped { bytes throws(FileError) in try self.put(bytes, padded: true) }
        }
        try put(TarWriter.header(name, size: contents.count, type: UInt8(ascii: "0")))
        try put(contents, padded: true)
    }

    /// Writes a short text as a file.
    func add(_ name: [UInt8], _ text: String) throws(FileError) {
        try Array(text.utf8).withUnsafeBytesTyped { bytes throws(FileError) in try self.add(name, bytes) }
    }

    /// Ends the archive.
    func finish() throws(FileError) {
        try put([UInt8](repeating: 0, count: 2 * TarHeader.block))
        try flush()
    }

    private func put(_ bytes: [UInt8]) throws(FileError) {
        try bytes.withUnsafeBytesTyped { bytes throws(FileError) in try self.put(bytes, padded: false) }
    }

    private func put(_ bytes: UnsafeRawBufferPointer, padded: Bool) throws(FileError) {
        if buffer.count + bytes.count > 1 << 20 { try flush() }
        if bytes.count > 1 << 20 {
            guard writeAll(bytes, to: file) else { throw FileError(path: path, failed: "cannot be written") }
        } else {
            buffer += bytes
        }
        let padding = padded ? TarWriter.padded(bytes.count) - bytes.count : 0
        if padding > 0 { buffer += repeatElement(0, count: padding) }
        size += bytes.count + padding
    }

    private func flush() throws(FileError) {
        guard buffer.withUnsafeBytes({ writeAll($0, to: file) }) else {
            throw FileError(path: path, failed: "cannot be written")
        }
        buffer.removeAll(keepingCapacity: true)
    }

    private static func padded(_ count: Int) -> Int {
        (count + TarHeader.block - 1) / TarHeader.block * TarHeader.block
    }

    /// A name of 100 bytes fills its field without a zero, which some readers do not expect.
    private static func needsRecords(_ name: [UInt8]) -> Bool { name.count > 99 }

    /// `LENGTH path=NAME\n`, where the length is that of the whole record, including its own digits.
    private static func records(of name: [UInt8]) -> [UInt8] {
        let rest = Array(" path=".utf8) + name + [0x0A]
        var length = rest.count
        while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
        return Array(String(length).utf8) + rest
    }

    private static func header(_ name: [UInt8], size: Int, type: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: TarHeader.block)
        func set(_ offset: Int, _ bytes: some Sequence<UInt8>) {
            for (index, byte) in bytes.enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int, digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
        }
        set(0, name.prefix(100))
        set(100, octal(0o644, digits: 7))
        set(108, octal(0, digits: 7))
        set(116, octal(0, digits: 7))
        // Eleven digits hold 8 GiB, more than any picture that is read.
        set(124, octal(size, digits: 11))
        set(136, octal(0, digits: 11))
        block[156] = type
        set(257, Array("ustar\0".utf8) + Array("00".utf8))
        set(148, repeatElement(0x20, count: 8))
        set(148, octal(block.reduce(0) { $0 + Int($1) }, digits: 6) + [0, 0x20])
        return block
    }
}

extension Array<UInt8> {
    /// Calls a body with the bytes; its typed errors are kept.
    func withUnsafeBytesTyped(_ body: (UnsafeRawBufferPointer) throws(FileError) -> Void) throws(FileError) {
        let result: Result<Void, FileError> = withUnsafeBytes { bytes in
            Result { () throws(FileError) in try body(bytes) }
        }
        try result.get()
    }
}
