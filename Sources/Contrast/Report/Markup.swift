import Foundation

/// What HTML and SVG have in common.
enum Markup {
    /// Escaped text. Control characters, which file names may have but XML may not, are replaced.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A coordinate with one digit after the point.
    static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
