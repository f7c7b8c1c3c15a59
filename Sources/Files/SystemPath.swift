/// Converts paths between text and the bytes of the file system.
///
/// A file name may hold any bytes, but a Swift string only UTF-8. A byte that is not UTF-8 becomes the private-use
/// character U+10FE00 plus the byte in the text, and the byte again when the path is used. Each path has exactly one
/// text.
package enum SystemPath {
    private static let private0: UInt32 = 0x10FE00

    /// The text for the bytes of a path.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self), !hasPrivate(text) { return text }
        return pieces(bytes) { text, byte in
            if let text, !hasPrivate(text) { return text }
            return Unicode.Scalar(private0 + UInt32(byte)).map(String.init) ?? ""
        }
    }

    /// The bytes for the text of a path.
    package static func bytes(_ text: String) -> [UInt8] {
        guard hasPrivate(text) else { return Array(text.utf8) }
        return text.unicodeScalars.flatMap { scalar in byte(scalar).map { [$0] } ?? Array(String(scalar).utf8) }
    }

    /// Calls `body` with the bytes for the text of a path, terminated by a zero.
    package static func with<Result>(_ text: String, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (bytes(text) + [0]).withUnsafeBufferPointer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { body($0.baseAddress.unsafelyUnwrapped) }
        }
    }

    /// A path for display; bytes that are not UTF-8 and control characters are escaped, as in `caf\xe9`.
    package static func printable(_ bytes: some Collection<UInt8>) -> String {
        // The second control characters have two bytes, of which this is the first.
        func plain(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
            let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F && $0 != 0xC2 }
            return isPlain ? String(validating: bytes, as: UTF8.self) : nil
        }
        if let text = bytes.withContiguousStorageIfAvailable(plain) ?? Array(bytes).withUnsafeBufferPointer(plain) {
            return text
        }
        return pieces(bytes) { text, byte in
            if let text, !text.unicodeScalars.contains(where: isControl) { return text }
            return escape(byte)
        }
    }

    /// A text for display that may contain the texts of paths.
    package static func printable(_ text: String) -> String {
        guard hasPrivate(text) else { return text }
        return text.unicodeScalars.map { scalar in byte(scalar).map(escape) ?? String(scalar) }.joined()
    }

    /// Lines for a terminal, which may contain the texts of paths; other control characters are escaped.
    package static func shown(_ lines: String) -> String {
        let text = printable(lines)
        func isShown(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == "\t" || !isControl(scalar) }
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == 0xC2 }) else { return text }
        return text.unicodeScalars.map { scalar in
            isShown(scalar) ? String(scalar) : String(scalar).utf8.map(escape).joined()
        }.joined()
    }

    /// Whether a terminal may take a character for a command: U+0000 to U+001F, U+007F to U+009F.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
    }

    /// The escape of a byte, as in `\xe9`.
    package static func escape(_ byte: UInt8) -> String { (byte < 16 ? "\\x0" : "\\x") + String(byte, radix: 16) }

    /// The part of the text before the last slash: empty if there is none, `/` for an entry of the root.
    package static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "" }
        return slash == path.startIndex ? "/" : String(decoding: path.utf8[..<slash], as: UTF8.self)
    }

    /// The last name in the path.
    package static func name(of path: String) -> String {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        return parts.last.map { String(decoding: $0, as: UTF8.self) } ?? path
    }

    /// The bytes of a path without links; nil if there is nothing at it.
    package static func resolved(_ path: String) -> [UInt8]? {
        with(path) { path in
            guard let found = realpath(path, nil) else { return nil }
            defer { free(found) }
            return UnsafeRawBufferPointer(start: found, count: strlen(found)).map { $0 }
        }
    }

    /// Calls `body` for each character with its text, or for each byte outside of a character, and joins the results.
    private static func pieces(_ bytes: some Collection<UInt8>, _ body: (String?, UInt8) -> String) -> String {
        var result = ""
        var rest = Array(bytes)[...]
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
            let piece = rest.prefix(length)
            let text = piece.count == length ? String(validating: piece, as: UTF8.self) : nil
            let part = body(text, first)
            result += part
            rest = rest.dropFirst(part == text ? length : 1)
        }
        return result
    }

    private static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
        scalar.value >= private0 && scalar.value <= private0 + 0xFF ? UInt8(scalar.value - private0) : nil
    }

    private static func hasPrivate(_ text: String) -> Bool {
        // The first byte of every character from U+100000 on.
        text.utf8.contains(0xF4) && text.unicodeScalars.contains { byte($0) != nil }
    }
}
