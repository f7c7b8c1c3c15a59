import Yams

/// Writes a configuration as YAML with every setting written out; what it writes reads back equal.
public enum ConfigurationWriter {
    /// The YAML text of a configuration.
    public static func yaml<Value: Component>(_ value: Value) throws(ConfigurationError) -> String {
        let tree = try tree(value)
        do {
            return try serialize(node: node(tree), width: 120, allowUnicode: true)
        } catch {
            throw ConfigurationError(file: Value.name, path: "", reason: "cannot be written: \(error)")
        }
    }

    static func tree<Value: Component>(_ value: Value) throws(ConfigurationError) -> ConfigurationTree {
        do {
            return try ConfigurationEncoder.tree(value)
        } catch {
            throw ConfigurationError(file: Value.name, path: "", reason: "cannot be written: \(error)")
        }
    }

    private static func node(_ tree: ConfigurationTree) -> Node {
        switch tree {
        case .scalar(let text, let isText):
            // Text that would read as something else is quoted.
            let plain = ConfigurationTree.scalar(text, quoted: false)
            let ambiguous = isText && (plain.isNull || plain.bool != nil || plain.number != nil)
            return Node(text, .implicit, ambiguous ? .doubleQuoted : .any)
        case .sequence(let items):
            let flat = items.allSatisfy { if case .scalar = $0 { true } else { false } }
            return Node(items.map(node), .implicit, flat ? .flow : .block)
        case .mapping(let entries):
            return Node(
                entries.map { (Node($0.key), node($0.value)) }, .implicit, entries.isEmpty ? .flow : .block)
        }
    }
}
