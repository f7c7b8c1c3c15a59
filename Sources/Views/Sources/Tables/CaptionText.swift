/// The part of a caption's text that is used.
public enum CaptionText: String, Codable, Sendable, CaseIterable {
    /// The first line that is not blank, for files whose other lines are translations.
    case firstLine = "first_line"
    /// All of it.
    case whole

    /// That part, without space at its ends; nil if nothing is left.
    public func part(of text: String) -> String? {
        // A byte order mark is not part of the text.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        switch self {
        case .firstLine: return text.split(whereSeparator: \.isNewline).lazy.compactMap { trimmed($0) }.first
        case .whole: return trimmed(text[...])
        }
    }

    private func trimmed(_ text: Substring) -> String? {
        guard let first = text.firstIndex(where: { !$0.isWhitespace }),
            let last = text.lastIndex(where: { !$0.isWhitespace })
        else { return nil }
        return String(text[first...last])
    }
}
