import Yams

/// Reads YAML text into a tree, within limits that no honest configuration meets.
///
/// Yams descends recursively and hashes what aliases stand for, so text is measured before it is parsed: a few bytes
/// can otherwise ask for a deep stack or for exponential time.
struct ConfigurationParser {
    static let maximumBytes = 1 << 18
    static let maximumBrackets = 1000
    static let maximumIndicators = 128
    static let maximumReferences = 16
    static let maximumDepth = 48
    static let maximumNodes = 20_000

    /// The tags that Yams gives to what has none in the text; the types of settings decide, not tags.
    static let tags = Set(
        ["str", "map", "seq", "int", "float", "bool", "null", "timestamp", "merge", "value"]
            .map { "tag:yaml.org,2002:\($0)" } + ["", "!"])

    let file: String

    func parse(_ text: String) throws(ConfigurationError) -> ConfigurationTree {
        var text = text
        try measure(&text)
        let root: Node?
        do {
            root = try compose(yaml: text, .default, .default, .utf8)
        } catch {
            throw failure(ConfigurationParser.reason(for: error, in: text))
        }
        guard let root else { throw failure("is empty; it must be a mapping of settings") }
        var count = 0
        return try tree(root, depth: 0, count: &count)
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

    private func tree(_ node: Node, depth: Int, count: inout Int) throws(ConfigurationError) -> ConfigurationTree {
        count += 1
        let line = node.mark.map { "line \($0.line): " } ?? ""
        guard depth <= ConfigurationParser.maximumDepth else { throw failure("\(line)is nested too deeply") }
        guard count <= ConfigurationParser.maximumNodes else { throw failure("\(line)has too many values") }
        let tag = node.tag.description
        guard ConfigurationParser.tags.contains(tag) else {
            throw failure("\(line)tags (\(tag.prefix(60))) are not supported")
        }
        switch node {
        case .scalar(let scalar):
            return .scalar(scalar.string, quoted: scalar.style != .plain)
        case .sequence(let sequence):
            var items: [ConfigurationTree] = []
            for item in sequence { items.append(try tree(item, depth: depth + 1, count: &count)) }
            return .sequence(items)
        case .mapping(let mapping):
            var entries: [ConfigurationTree.Entry] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key else { throw failure("\(line)a key must be a name") }
                guard !entries.contains(where: { $0.key == name.string }) else {
                    throw failure("\(line)the key \(name.string) occurs twice")
                }
                entries.append(.init(key: name.string, value: try tree(value, depth: depth + 1, count: &count)))
            }
            return .mapping(entries)
        case .alias:
            throw failure("\(line)has an alias to nothing")
        }
    }

    private func failure(_ reason: String) -> ConfigurationError {
        ConfigurationError(file: file, path: "", reason: reason)
    }

    private static func reason(for error: any Error, in text: String) -> String {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line): "
                + (isIndentedByTab(mark.line, of: text)
                    ? "is indented by a tab; YAML takes spaces"
                    : problem.contains("another document") ? "begins another document; there may be one" : problem)
        case .duplicatedKeysInMapping(let keys, let context):
            "line \(context.mark.line): the key \(keys.first?.prefix(60) ?? "") occurs twice"
        case .reader(let problem, _, _, _):
            "is not text: \(problem)"
        default:
            "is not YAML"
        }
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
