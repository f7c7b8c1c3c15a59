/// Which part of a caption's text is meant.
public enum CaptionText: String, Codable, Sendable, CaseIterable {
    /// The first line that is not blank, as in files whose further lines are translations.
    case firstLine = "first_line"
    /// All of it.
    case whole

    /// That part, without space at its ends; nil where nothing is left.
    public func part(of text: String) -> String? {
        // A mark of the byte order is no text.
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
