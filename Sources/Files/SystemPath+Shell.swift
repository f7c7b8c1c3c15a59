extension SystemPath {
    /// Expands a tilde as a shell does: `~` and `~/x` are in the home folder, `~name/x` is in that of a user.
    ///
    /// Shells do not expand it in `--output=~/x`, nor in quoted text.
    package static func expanded(_ text: String) -> String {
        guard text.utf8.first == UInt8(ascii: "~") else { return text }
        let end = text.utf8.firstIndex(of: UInt8(ascii: "/")) ?? text.endIndex
        let user = String(decoding: text.utf8[..<end].dropFirst(), as: UTF8.self)
        guard let home = home(of: user) else { return text }
        let rest = String(decoding: text.utf8[end...], as: UTF8.self)
        return home == "/" && !rest.isEmpty ? rest : home + rest
    }

    private static func home(of user: String) -> String? {
        if user.isEmpty, let home = getenv("HOME"), home.pointee != 0 { return text(String.bytes(home)) }
        guard let entry = user.isEmpty ? getpwuid(getuid()) : with(user, { getpwnam($0) }) else { return nil }
        return entry.pointee.pw_dir.map { text(String.bytes($0)) }
    }

    /// A word for a POSIX shell, quoted unless all its characters are safe.
    package static func quoted(_ word: String) -> String {
        let bytes = bytes(word)
        if !bytes.isEmpty, bytes.allSatisfy(isSafe) { return word }
        let quote = UInt8(ascii: "'")
        if let text = String(validating: bytes, as: UTF8.self), !text.unicodeScalars.contains(where: isControl) {
            // A quote ends the quoted part, is escaped, and starts the next part.
            let inner = bytes.flatMap { $0 == quote ? Array("'\\''".utf8) : [$0] }
            return String(decoding: [quote] + inner + [quote], as: UTF8.self)
        }
        // Other bytes are written as octal numbers.
        let octal = bytes.map { isSafe($0) ? String(Unicode.Scalar($0)) : octalEscape($0) }
        return "\"$(printf '\(octal.joined())')\""
    }

    private static func octalEscape(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 8)
        return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    }

    private static func isSafe(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "+,-./:@_".utf8.contains(byte)
        }
    }

    /// A path as an argument of a printed command line.
    package static func argument(_ path: String) -> String {
        quoted(path.utf8.first == UInt8(ascii: "-") ? "./\(path)" : path)
    }
}

extension String {
    /// The bytes of a C string.
    static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
        [UInt8](UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}
