/// A setting that overrides the file, as in `--set views.branches[0].size=96`.
struct ConfigurationOverride: Sendable {
    enum Step: Sendable {
        case key(String)
        case index(Int)
    }

    private let text: String
    private let steps: [Step]
    private let value: ConfigurationTree

    /// The file that errors about overrides name.
    static let source = "--set"

    /// Whether a path is that of this override, inside of it, or around it.
    func concerns(_ path: String) -> Bool {
        let own = text.prefix { $0 != "=" }
        return path.hasPrefix(own) || own.hasPrefix(path)
    }

    /// The setting's name at the top of the file.
    var section: String {
        guard case .key(let key)? = steps.first else { return "" }
        return key
    }

    static func parse(_ texts: [String]) throws(ConfigurationError) -> [ConfigurationOverride] {
        var result: [ConfigurationOverride] = []
        for text in texts { result.append(try ConfigurationOverride(text)) }
        return result
    }

    private init(_ text: String) throws(ConfigurationError) {
        self.text = text
        guard let equals = text.firstIndex(of: "=") else {
            throw ConfigurationError(file: Self.source, path: text, reason: "must be path=value")
        }
        let path = text[..<equals]
        let written = text[text.index(after: equals)...]
        steps = try Self.steps(path)
        value = written.isEmpty ? .null : try ConfigurationParser(file: "--set \(path)").parse(String(written))
    }

    private static func steps(_ path: Substring) throws(ConfigurationError) -> [Step] {
        var steps: [Step] = []
        for part in path.split(separator: ".", omittingEmptySubsequences: false) {
            var pieces = part.split(separator: "[", omittingEmptySubsequences: false)
            let name = pieces.removeFirst()
            guard !name.isEmpty else {
                throw ConfigurationError(file: source, path: String(path), reason: "has an empty name in its path")
            }
            steps.append(.key(String(name)))
            for piece in pieces {
                guard piece.last == "]", let index = Int(piece.dropLast()), index >= 0 else {
                    throw ConfigurationError(
                        file: source, path: String(path), reason: "an index must be written as [0]")
                }
                steps.append(.index(index))
            }
        }
        return steps
    }

    func apply(to tree: inout ConfigurationTree) throws(ConfigurationError) {
        try set(&tree, steps[...], at: "", inList: false)
    }

    private func set(
        _ tree: inout ConfigurationTree, _ rest: ArraySlice<Step>, at path: String, inList: Bool
    ) throws(ConfigurationError) {
        guard let step = rest.first else {
            if !tree.chooses(value) { tree = value }
            return
        }
        switch step {
        case .index(let index):
            guard case .sequence(var items) = tree else {
                throw ConfigurationError(file: Self.source, path: path, reason: "is not a list but \(tree.kind)")
            }
            guard items.indices.contains(index) else {
                throw ConfigurationError(
                    file: Self.source, path: "\(path)[\(index)]", reason: "there are \(items.count) elements, from 0")
            }
            try set(&items[index], rest.dropFirst(), at: "\(path)[\(index)]", inList: true)
            tree = .sequence(items)
        case .key(let key):
            let keyPath = path.isEmpty ? key : "\(path).\(key)"
            var entries: [ConfigurationTree.Entry]
            switch tree {
            case .mapping(let existing): entries = existing
            // A part that is missing, or selected by its name alone, gets its defaults.
            case .scalar(let name, _) where tree.isNull || name == key: entries = []
            default:
                throw ConfigurationError(file: Self.source, path: keyPath, reason: "\(path) is \(tree.kind)")
            }
            // Another member of a family replaces the current one and gets its own defaults. Not in a list, where
            // another index may have been meant.
            let replaces = !inList && tree.replaces([key])
            if inList, let other = entries.first, other.isChoice, other.key != key {
                let reason = "\(path) is \(other.key); \(path)=\(key) replaces it"
                throw ConfigurationError(file: Self.source, path: keyPath, reason: reason)
            }
            if replaces { entries = [] }
            // The decoder reports an unknown key, since it knows all settings.
            let index = entries.firstIndex { $0.key == key } ?? entries.endIndex
            if index == entries.endIndex { entries.append(.init(key: key, value: .null, isChoice: replaces)) }
            try set(&entries[index].value, rest.dropFirst(), at: keyPath, inList: false)
            tree = .mapping(entries)
        }
    }
}
