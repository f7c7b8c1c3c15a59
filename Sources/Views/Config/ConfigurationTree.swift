/// A configuration as a tree of text, lists and mappings, before its types are known.
enum ConfigurationTree: Equatable, Sendable {
    /// Text; `quoted` text is never a number, a boolean or null.
    case scalar(String, quoted: Bool)
    case sequence([ConfigurationTree])
    case mapping([Entry])

    struct Entry: Equatable, Sendable {
        var key: String
        var value: ConfigurationTree
        /// Whether the key selects a member of a family, so that another name may replace it.
        var isChoice = false
    }

    static let null = ConfigurationTree.scalar("null", quoted: false)

    /// The value of a key; nil if there is none, or if this is not a mapping.
    subscript(key: String) -> ConfigurationTree? {
        guard case .mapping(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    var isNull: Bool {
        guard case .scalar(let text, quoted: false) = self else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// True and false as in YAML 1.1, which PyYAML reads too.
    var bool: Bool? {
        guard case .scalar(let text, quoted: false) = self else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on": return true
        case "false", "no", "off": return false
        default: return nil
        }
    }

    var number: Double? {
        guard case .scalar(let text, quoted: false) = self else { return nil }
        switch text.lowercased() {
        case ".inf", "+.inf": return .infinity
        case "-.inf": return -.infinity
        default: break
        }
        // Double also parses "nan", "infinity" and hexadecimal, which YAML writes differently or not at all.
        let allowed = text.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.eE".utf8.contains(byte)
        }
        return allowed ? Double(text) : nil
    }

    func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        guard case .scalar(let text, quoted: false) = self else { return nil }
        return Value(text) ?? number.flatMap { Value(exactly: $0) }
    }

    /// What this is, for messages.
    var kind: String {
        switch self {
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .scalar(let text, let quoted):
            isNull ? "empty" : quoted ? "the text \"\(text.prefix(60))\"" : "\(text.prefix(60))"
        }
    }
}

extension ConfigurationTree {
    /// Merges other settings into these: mappings key by key; a list or a value replaces what there is.
    ///
    /// Another member of a family takes the place of this one. The name of the same member alone changes nothing.
    mutating func merge(_ other: ConfigurationTree) {
        if chooses(other) { return }
        guard case .mapping(var entries) = self, case .mapping(let others) = other, !replaces(others.map(\.key))
        else {
            self = other
            return
        }
        for one in others {
            if let index = entries.firstIndex(where: { $0.key == one.key }) {
                entries[index].value.merge(one.value)
            } else {
                entries.append(one)
            }
        }
        self = .mapping(entries)
    }

    /// Whether `other` is the name alone of the member that this selects.
    func chooses(_ other: ConfigurationTree) -> Bool {
        guard case .scalar(let name, _) = other, case .mapping(let entries) = self, entries.count == 1 else {
            return false
        }
        return entries[0].isChoice && entries[0].key == name
    }

    /// Whether this selects another member of a family than one of these names.
    func replaces(_ names: [String]) -> Bool {
        guard case .mapping(let entries) = self, entries.count == 1, entries[0].isChoice, names.count == 1 else {
            return false
        }
        return entries[0].key != names[0]
    }
}

/// A setting's name as files write it: `minScale` is `min_scale`, `useEMA` is `use_ema`.
func snakeCase(_ name: String) -> String {
    var result = ""
    var previous: Character?
    var rest = name[...]
    while let character = rest.popFirst() {
        let startsWord =
            character.isUppercase
            && (previous.map { !$0.isUppercase && $0 != "_" } ?? false
                || (previous?.isUppercase ?? false) && (rest.first?.isLowercase ?? false))
        if startsWord { result.append("_") }
        result += character.lowercased()
        previous = character
    }
    return result
}
