import Files

/// How every path in an argument is read: `~` is expanded where no shell has done so, and an empty text, as of a variable that
/// is not set, is refused.
enum PathArgument {
    struct Empty: Error {}

    /// The path of an argument; `-` stays what it is.
    /// - Throws: `Empty`.
    static func read(_ text: String) throws -> String {
        if text.isEmpty { throw Empty() }
        return SystemPath.expanded(text)
    }

    /// ArgumentParser's words for an argument that is empty, made ours: which one it is, and what may be the cause.
    static func explain(_ message: String) -> String {
        let start = "The value '' is invalid for '"
        guard message.hasPrefix(start) else { return message }
        // `--output <folder>`, or `<images>`.
        let name = message.dropFirst(start.count).prefix { $0 != "'" }
        return "\(name.split(separator: " ").first ?? "an argument") is empty; is a variable not set?"
    }
}
