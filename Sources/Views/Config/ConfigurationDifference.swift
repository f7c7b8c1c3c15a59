/// A setting in which two configurations differ.
public struct ConfigurationDifference: Equatable, Sendable, CustomStringConvertible {
    /// The setting's path, as in `training.optimizer.sgd.lr`.
    public var path: String
    /// Its value in the first configuration; nil if it is missing.
    public var first: String?
    /// Its value in the second configuration; nil if it is missing.
    public var second: String?

    /// `path is first, was second`.
    public var description: String { "\(path) is \(first ?? "not set"), was \(second ?? "not set")" }

    /// Compares two texts setting by setting, in the first one's order.
    /// - Throws: `ConfigurationError` if one of them is not YAML.
    public static func between(_ first: String, _ second: String) throws(ConfigurationError)
        -> [ConfigurationDifference]
    {
        var one: [(path: String, value: String)] = []
        var two: [(path: String, value: String)] = []
        list(try ConfigurationParser(file: "configuration").parse(first), "", into: &one)
        list(try ConfigurationParser(file: "configuration").parse(second), "", into: &two)
        let before = Dictionary(two.map { ($0.path, $0.value) }) { first, _ in first }
        let paths = Set(one.map(\.path))
        return one.filter { before[$0.path] != $0.value }.map {
            .init(path: $0.path, first: $0.value, second: before[$0.path])
        }
            + two.filter { !paths.contains($0.path) }.map { .init(path: $0.path, first: nil, second: $0.value) }
    }

    private static func list(
        _ tree: ConfigurationTree, _ path: String, into entries: inout [(path: String, value: String)]
    ) {
        switch tree {
        case .scalar(let text, _): entries.append((path, text))
        case .sequence(let items):
            if items.isEmpty { entries.append((path, "[]")) }
            for (index, item) in items.enumerated() { list(item, "\(path)[\(index)]", into: &entries) }
        case .mapping(let parts):
            if parts.isEmpty { entries.append((path, "{}")) }
            for part in parts { list(part.value, path.isEmpty ? part.key : "\(path).\(part.key)", into: &entries) }
        }
    }
}
