/// Builds a configuration's tree from the events of a YAML document.
struct ConfigurationComposer {
    private let events: YAMLEvents
    private var anchors: [String: ConfigurationTree] = [:]
    private var count = 0

    init(_ text: String) { events = YAMLEvents(text) }

    /// The only document of the text; nil if there is none.
    mutating func document() throws(YAMLError) -> ConfigurationTree? {
        _ = try events.next()
        if case .streamEnd = try events.next().kind { return nil }
        let root = try tree(try events.next(), depth: 0)
        _ = try events.next()
        let end = try events.next()
        guard case .streamEnd = end.kind else {
            throw YAMLError("begins another document; there may be one", line: end.line)
        }
        return root
    }

    private mutating func tree(_ event: YAMLEvents.Event, depth: Int) throws(YAMLError) -> ConfigurationTree {
        let found: ConfigurationTree
        switch event.kind {
        case .alias(let name):
            guard let shared = anchors[name] else { throw YAMLError("found undefined alias", line: event.line) }
            let size = shared.size
            count += size.count
            try check(event, depth: depth + size.depth)
            return shared
        case .sequenceStart:
            try check(event, depth: depth)
            var items: [ConfigurationTree] = []
            while let item = try events.item() { items.append(try tree(item, depth: depth + 1)) }
            found = .sequence(items)
        case .mappingStart:
            try check(event, depth: depth)
            var entries: [ConfigurationTree.Entry] = []
            while let item = try events.item() {
                guard case .scalar(let key, _) = try tree(item, depth: depth + 1) else {
                    throw YAMLError("a key must be a name", line: item.line)
                }
                guard !entries.contains(where: { $0.key == key }) else {
                    throw YAMLError("the key \(key.prefix(60)) occurs twice", line: item.line)
                }
                entries.append(.init(key: key, value: try tree(try events.next(), depth: depth + 1)))
            }
            found = .mapping(entries)
        case .scalar(let text, let isQuoted):
            try check(event, depth: depth)
            found = .scalar(text, quoted: isQuoted)
        default: throw YAMLError("is not YAML", line: event.line)
        }
        if let anchor = event.anchor { anchors[anchor] = found }
        return found
    }

    private mutating func check(_ event: YAMLEvents.Event, depth: Int) throws(YAMLError) {
        count += 1
        guard depth <= ConfigurationParser.maximumDepth else {
            throw YAMLError("is nested too deeply", line: event.line)
        }
        guard count <= ConfigurationParser.maximumNodes else {
            throw YAMLError("has too many values", line: event.line)
        }
        if let tag = event.tag, !ConfigurationParser.tags.contains(tag) {
            throw YAMLError("tags (\(tag.prefix(60))) are not supported", line: event.line)
        }
    }
}

extension ConfigurationTree {
    /// The number of values in the tree below its root, and how deeply they are nested.
    fileprivate var size: (count: Int, depth: Int) {
        let parts: [ConfigurationTree] =
            switch self {
            case .scalar: []
            case .sequence(let items): items
            case .mapping(let entries): entries.map(\.value)
            }
        return parts.map(\.size).reduce((0, 0)) { ($0.count + $1.count + 1, max($0.depth, $1.depth + 1)) }
    }
}
