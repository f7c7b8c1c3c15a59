import Foundation

/// Writes tar archives block by block for tests, wrong ones included; shares nothing with what is tested.
struct TarBuilder {
    private(set) var bytes: [UInt8] = []

    /// A header whose fields are as given, then the contents, padded.
    mutating func add(
        _ name: [UInt8], _ contents: [UInt8] = [], type: Character = "0", size: [UInt8]? = nil,
        checksum: [UInt8]? = nil, prefix: [UInt8] = [], magic: String = "ustar\u{0}00"
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        block.replaceSubrange(0..<min(100, name.count), with: name.prefix(100))
        block.replaceSubrange(100..<107, with: Array("0000644".utf8))
        let field = size ?? Array(String(format: "%011o", contents.count).utf8)
        block.replaceSubrange(124..<124 + field.count, with: field)
        block[156] = type.asciiValue ?? 0
        block.replaceSubrange(257..<257 + magic.utf8.count, with: Array(magic.utf8))
        block.replaceSubrange(345..<345 + prefix.count, with: prefix)
        block.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let sum = block.reduce(0) { $0 + Int($1) }
        let written = checksum ?? Array(String(format: "%06o", sum).utf8) + [0, 0x20]
        block.replaceSubrange(148..<148 + written.count, with: written)
        bytes += block + contents + [UInt8](repeating: 0, count: (512 - contents.count % 512) % 512)
    }

    mutating func add(_ name: String, _ contents: String = "", type: Character = "0", size: [UInt8]? = nil) {
        add(Array(name.utf8), Array(contents.utf8), type: type, size: size)
    }

    /// The archive with its end.
    var ended: Data { Data(bytes + [UInt8](repeating: 0, count: 1024)) }
}
