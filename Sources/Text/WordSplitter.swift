#if canImport(FoundationEssentials)
@_spi(_Unicode) import Swift
#else
import Foundation
#endif

/// Splits text into the pieces that CLIP encodes one by one: Radford et al. 2021, arXiv 2103.00020, section 2.4.
///
/// Text is lowercased. Pieces are the endings 's, 't, 're, 've, 'm, 'll and 'd, runs of letters, single numerals, and
/// runs of other characters; white space only separates pieces. As in CLIP's code, which uses ftfy, text is normalised
/// first (Unicode's form C) and curly quotes become straight. Unlike there, HTML entities and wrongly decoded
/// characters are not repaired, ligatures and full-width characters stay, and the names of the start and end tokens are
/// ordinary text.
enum WordSplitter {
    /// The largest piece in bytes; longer ones, which no language has, are cut.
    static let maximumBytes = 1024

    private enum Kind { case letter, numeral, space, other }

    /// Calls `body` with the UTF-8 of each piece.
    static func forEach(in text: String, _ body: (ArraySlice<UInt8>) -> Void) {
        let composed = text.utf8.allSatisfy { $0 < 0x80 } ? text : composed(text)
        let scalars = composed.lowercased().unicodeScalars.map { straight($0) }
        var piece: [UInt8] = []
        var position = 0
        while position < scalars.count {
            let start = position
            if let length = ending(at: position, of: scalars) {
                position += length
            } else {
                let kind = kind(of: scalars[position])
                position += 1
                if kind == .space { continue }
                while kind != .numeral, position < scalars.count, self.kind(of: scalars[position]) == kind {
                    position += 1
                }
            }
            piece.removeAll(keepingCapacity: true)
            for scalar in scalars[start..<position] { piece += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter }
            for cut in stride(from: 0, to: piece.count, by: maximumBytes) {
                body(piece[cut..<min(piece.count, cut + maximumBytes)])
            }
        }
    }

    /// The text in Unicode's form C.
    private static func composed(_ text: String) -> String {
        #if canImport(FoundationEssentials)
        var scalars = String.UnicodeScalarView()
        for scalar in text._nfc { scalars.append(scalar) }
        return String(scalars)
        #else
        return text.precomposedStringWithCanonicalMapping
        #endif
    }

    private static func straight(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0x02BC, 0x2018...0x201B: "'"
        case 0x201C...0x201F: "\""
        default: scalar
        }
    }

    /// The number of scalars of a contracted ending that starts at `position`.
    private static func ending(at position: Int, of scalars: [Unicode.Scalar]) -> Int? {
        guard scalars[position] == "'", position + 1 < scalars.count else { return nil }
        let second: Unicode.Scalar? = position + 2 < scalars.count ? scalars[position + 2] : nil
        switch (scalars[position + 1], second) {
        case ("s", _), ("t", _), ("m", _), ("d", _): return 2
        case ("r", "e"), ("v", "e"), ("l", "l"): return 3
        default: return nil
        }
    }

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        if scalar.isASCII {
            switch scalar.value {
            case 0x61...0x7A, 0x41...0x5A: return .letter
            case 0x30...0x39: return .numeral
            case 0x20, 0x09...0x0D: return .space
            default: return .other
            }
        }
        if scalar.properties.isWhitespace { return .space }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .numeral
        default: return .other
        }
    }
}
