/// All combinations of some settings' values: a sweep.
public struct SettingGrid<Value: Component>: Sendable {
    /// One combination.
    public struct Cell: Sendable {
        /// A name made of the settings that differ, as in `lr=0.1_method=simclr`, which can be a folder's.
        public let name: String
        /// The settings, each `path=value` with the whole path, in the order in which they apply.
        public let overrides: [String]
        /// The configuration.
        public let value: Value
    }

    /// The combinations; the last setting changes fastest.
    public private(set) var cells: [Cell] = []

    /// Combines settings.
    /// - Parameters:
    ///   - reader: the file that they apply to.
    ///   - settings: each `key=value,value,...`. The key is a whole path or the end of exactly one, also without some
    ///     names on the way, in the file as the settings before it have changed it.
    /// - Throws: `ConfigurationError` for a key that is not a setting, or is several; for a value that cannot be used
    ///   with the others; if no setting has several values, or two combinations are the same configuration.
    public init(_ reader: ConfigurationReader, settings: [String]) throws(ConfigurationError) {
        var axes: [SettingAxis] = []
        for text in settings { axes.append(try SettingAxis(text)) }
        guard axes.contains(where: { $0.values.count > 1 }) else {
            throw SettingAxis.failure("", "no setting has several values, as in lr=0.03,0.1")
        }
        var choices: [[String]] = [[]]
        for axis in axes {
            guard choices.count * axis.values.count <= 10_000 else {
                throw SettingAxis.failure("", "there are more than 10000 combinations")
            }
            choices = choices.flatMap { choice in axis.values.map { choice + [$0] } }
        }
        var seen: [String: String] = [:]
        var names: Set<String> = []
        for choice in choices {
            let cell = try SettingGrid.cell(reader, axes, choice)
            let text = try ConfigurationWriter.yaml(cell.value)
            if let other = seen[text] {
                throw SettingAxis.failure("", "\(other) and \(cell.name) are the same configuration")
            }
            guard names.insert(cell.name).inserted else {
                throw SettingAxis.failure("", "two combinations would have the folder \(cell.name)")
            }
            seen[text] = cell.name
            cells.append(cell)
        }
    }

    private static func cell(
        _ reader: ConfigurationReader, _ axes: [SettingAxis], _ choice: [String]
    ) throws(ConfigurationError) -> Cell {
        var (overrides, words): ([String], [String]) = ([], [])
        var tree = try ConfigurationWriter.tree(reader.read(Value.self))
        for (axis, value) in zip(axes, choice) {
            // Of the settings so far: another optimizer has its own learning rate. Some are valid only with later ones.
            if let value = try? reader.adding(overrides).read(Value.self) { tree = try ConfigurationWriter.tree(value) }
            let path: String
            do throws(ConfigurationError) {
                path = try axis.path(in: tree)
            } catch {
                guard !words.isEmpty else { throw error }
                let others = words.joined(separator: ", ")
                throw ConfigurationError(
                    file: error.file, path: error.path, reason: "with \(others): \(error.reason)")
            }
            overrides.append("\(path)=\(value)")
            if axis.values.count > 1 { words.append("\(axis.shortName(among: axes))=\(value)") }
        }
        let value = try reader.adding(overrides).read(Value.self)
        return Cell(name: SettingAxis.folderName(words), overrides: overrides, value: value)
    }
}

/// A setting of a sweep with its values.
struct SettingAxis {
    let key: String
    let values: [String]

    static func failure(_ path: String, _ reason: String) -> ConfigurationError {
        ConfigurationError(file: ConfigurationOverride.source, path: path, reason: reason)
    }

    /// Reads `key=value,value,...`; commas within brackets, braces and quotes belong to a value.
    init(_ text: String) throws(ConfigurationError) {
        guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
            throw SettingAxis.failure(text, "must be key=value,value,...")
        }
        key = String(text[..<equals])
        var (values, depth): ([String], Int) = ([""], 0)
        var quote: Character?
        for character in text[text.index(after: equals)...] {
            if let open = quote {
                if character == open { quote = nil }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == "[" || character == "{" {
                depth += 1
            } else if character == "]" || character == "}" {
                depth -= 1
            } else if character == ",", depth == 0 {
                values.append("")
                continue
            }
            values[values.count - 1].append(character)
        }
        self.values = values
        if values.count > 1, values.contains("") { throw SettingAxis.failure(key, "has an empty value in its list") }
        guard Set(values).count == values.count else { throw SettingAxis.failure(key, "has a value twice") }
    }

    /// The whole path of the key.
    func path(in tree: ConfigurationTree) throws(ConfigurationError) -> String {
        var paths: [String] = []
        SettingAxis.list(tree, "", into: &paths)
        if paths.contains(key) { return key }
        let ends = paths.filter { $0.hasSuffix(".\(key)") }
        if ends.count == 1 { return ends[0] }
        // `optimizer.lr` leaves out the name of the optimizer.
        let names = key.split(separator: ".")[...]
        let found = paths.filter { path in
            let parts = path.split(separator: ".")
            guard parts.last == names.last else { return false }
            return parts.reduce(into: names) { rest, part in if part == rest.first { rest.removeFirst() } }.isEmpty
        }
        if found.count == 1 { return found[0] }
        guard found.isEmpty else {
            throw SettingAxis.failure(
                key, "is the end of several settings: \(found.joined(separator: ", ")); give more of the path")
        }
        // A path may lead to a part that has its settings only when one of them is set.
        if let top = key.split(separator: ".").first, key.contains(where: { ".[".contains($0) }),
            tree[String(top.prefix { $0 != "[" })] != nil
        {
            return key
        }
        var valid: [String] = []
        for path in paths {
            let name = String(path.split(separator: ".").last ?? "")
            if !name.contains("["), !valid.contains(name) { valid.append(name) }
        }
        throw SettingAxis.failure(key, "is not a setting; \(advice(for: key, among: valid, areOwn: true))")
    }

    private static func list(_ tree: ConfigurationTree, _ path: String, into paths: inout [String]) {
        switch tree {
        case .scalar: break
        case .sequence(let items):
            for (index, item) in items.enumerated() {
                paths.append("\(path)[\(index)]")
                list(item, "\(path)[\(index)]", into: &paths)
            }
        case .mapping(let entries):
            for entry in entries {
                let own = path.isEmpty ? entry.key : "\(path).\(entry.key)"
                paths.append(own)
                list(entry.value, own, into: &paths)
            }
        }
    }

    /// The last name of the key, or the whole key where another one has that name too.
    func shortName(among axes: [SettingAxis]) -> String {
        func last(_ key: String) -> Substring { key.split(separator: ".").last ?? "" }
        return axes.count { last($0.key) == last(key) } == 1 ? String(last(key)) : key
    }

    /// The words as a folder's name. What a name should not hold becomes a hyphen, and a hash then tells names apart.
    static func folderName(_ words: [String]) -> String {
        let text = words.joined(separator: "_")
        let isPlain = { (byte: UInt8) in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte | 0x20 >= UInt8(ascii: "a")
                    && byte | 0x20 <= UInt8(ascii: "z")
                || "._=+-".utf8.contains(byte)
        }
        let plain = String(decoding: text.utf8.map { isPlain($0) ? $0 : UInt8(ascii: "-") }, as: UTF8.self)
        guard plain != text || plain.utf8.count > 120 || plain.hasPrefix(".") else { return text }
        // FNV-1a.
        let hash = text.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return "\(plain.prefix(100).drop { $0 == "." })-\(String(hash, radix: 16))"
    }
}
