import Files

/// How every path in an argument is read: `~` is expanded if no shell has done so, and an empty text, for example of an
/// unset variable, is an error.
enum PathArgument {
    struct Empty: Error {}

    /// The path of an argument; `-` is unchanged.
    /// - Throws: `Empty`.
    static func read(_ text: String) throws -> String {
        if text.isEmpty { throw Empty() }
        return SystemPath.expanded(text)
    }

    /// Replaces ArgumentParser's message for an empty argument by one that names the argument and the probable cause.
    static func explain(_ message: String) -> String {
        let start = "The value '' is invalid for '"
        guard message.hasPrefix(start) else { return message }
        // `--output <folder>`, `<images>`, or `<run images>` for the first of two.
        let name = message.dropFirst(start.count).prefix { $0 != "'" }
        let first = name.split(separator: " ").first ?? "an argument"
        let closing = first.hasPrefix("<") && !first.hasSuffix(">") ? ">" : ""
        return "\(first)\(closing) is empty; is a variable not set?"
    }
}
