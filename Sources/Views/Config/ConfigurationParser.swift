/// Parses YAML text into a tree, within limits that no real configuration reaches.
///
/// The text is checked before it is parsed, since a few bytes can need a deep stack or exponential time.
struct ConfigurationParser {
    static let maximumBytes = 1 << 18
    static let maximumBrackets = 1000
    static let maximumIndicators = 128
    static let maximumReferences = 16
    static let maximumDepth = 48
    static let maximumNodes = 20_000

    /// Tags that are accepted and ignored: the types of the settings decide.
    static let tags = Set(
        ["str", "map", "seq", "int", "float", "bool", "null", "timestamp", "merge", "value"]
            .map { "tag:yaml.org,2002:\($0)" } + ["!"])

    let file: String

    func parse(_ text: String) throws(ConfigurationError) -> ConfigurationTree {
        var text = text
        try measure(&text)
        var composer = ConfigurationComposer(text)
        let root: ConfigurationTree?
        do throws(YAMLError) {
            root = try composer.document()
        } catch {
            throw failure(ConfigurationParser.reason(for: error, in: text))
        }
        guard let root else { throw failure("is empty; it must be a mapping of settings") }
        return root
    }

    private func measure(_ text: inout String) throws(ConfigurationError) {
        try text.withUTF8Typed { bytes throws(ConfigurationError) in
            guard bytes.count <= ConfigurationParser.maximumBytes else {
                throw failure(
                    "has \(bytes.count) bytes; a configuration may have \(ConfigurationParser.maximumBytes)")
            }
            var brackets = 0
            var references = 0
            var leading = 0
            var inLeading = true
            var line = 1
            for byte in bytes {
                switch byte {
                case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
                    if byte == UInt8(ascii: "\n") { line += 1 }
                    inLeading = true
                    leading = 0
                    continue
                case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "-"), UInt8(ascii: "?"), UInt8(ascii: ":"):
                    leading += inLeading ? 1 : 0
                case UInt8(ascii: "["), UInt8(ascii: "{"):
                    brackets += 1
                    inLeading = false
                case UInt8(ascii: "*"):
                    references += 1
                    inLeading = false
                default:
                    inLeading = false
                }
                if brackets > ConfigurationParser.maximumBrackets || leading > ConfigurationParser.maximumIndicators {
                    throw failure("line \(line): is nested too deeply or too often")
                }
                if references > ConfigurationParser.maximumReferences {
                    throw failure("line \(line): has more than \(ConfigurationParser.maximumReferences) aliases (`*`)")
                }
            }
        }
    }

    private func failure(_ reason: String) -> ConfigurationError {
        ConfigurationError(file: file, path: "", reason: reason)
    }

    private static func reason(for error: YAMLError, in text: String) -> String {
        guard let line = error.line else { return error.problem }
        return "line \(line): "
            + (isIndentedByTab(line, of: text) ? "is indented by a tab; YAML takes spaces" : error.problem)
    }

    private static func isIndentedByTab(_ line: Int, of text: String) -> Bool {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.indices.contains(line - 1) && lines[line - 1].prefix { $0 == " " || $0 == "\t" }.contains("\t")
    }
}

extension String {
    /// `withUTF8` with a typed error.
    fileprivate mutating func withUTF8Typed<Failure: Error>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var result = Result<Void, Failure>.success(())
        withUTF8 { bytes in
            do throws(Failure) {
                try body(bytes)
            } catch {
                result = .failure(error)
            }
        }
        try result.get()
    }
}
