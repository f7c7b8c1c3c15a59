/// Decodes a tree strictly: unknown settings are errors, missing settings get the component's defaults, and every error
/// has the path of its setting.
struct ConfigurationDecoder: Decoder {
    /// The keys that a type has decoded: its settings.
    final class Asked {
        var keys: [String] = []
        var takesAny = false
    }

    let file: String
    let path: String
    /// The value in the file; nil if there is none.
    let node: ConfigurationTree?
    /// The default.
    let fallback: ConfigurationTree?
    let asked = Asked()
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    var value: ConfigurationTree { node ?? fallback ?? .null }

    func failure(_ reason: String) -> ConfigurationError {
        ConfigurationError(file: file, path: path, reason: reason)
    }

    /// Decodes a value of any type, checks components, and gives every error its path.
    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        if let component = type as? any Component.Type {
            guard let value = try decode(component: component) as? Value else { throw failure("cannot be read") }
            return value
        }
        if let choices = ConfigurationDecoder.choices(of: type) {
            guard case .scalar(let text, _) = value, choices.contains(text) else {
                throw failure("is \(value.kind); valid are \(choices.joined(separator: ", "))")
            }
        }
        return try checked(type)
    }

    private func decode<Value: Component>(component type: Value.Type) throws -> Value {
        // The parent's default for this part wins over the part's own defaults.
        let inherited = fallback.flatMap { $0.isNull ? nil : $0 }
        let defaults = try inherited ?? ConfigurationEncoder.tree(Value())
        guard case .mapping(let settings) = defaults else {
            return try ConfigurationDecoder(file: file, path: path, node: node ?? fallback, fallback: nil)
                .validated(type)
        }
        let own = node.flatMap { $0.isNull ? nil : $0 } ?? .mapping([])
        guard case .mapping = own else {
            let example = settings.first.map { ", as in {\($0.key): ...}" } ?? ""
            throw failure("must be a mapping of settings\(example), is \(own.kind)")
        }
        return try ConfigurationDecoder(file: file, path: path, node: own, fallback: defaults).validated(type)
    }

    private func validated<Value: Component>(_ type: Value.Type) throws -> Value {
        let value = try checked(type)
        do {
            try value.validate()
        } catch {
            let fullPath = error.key.isEmpty || path.isEmpty ? path + error.key : "\(path).\(error.key)"
            throw ConfigurationError(file: file, path: fullPath, reason: error.reason)
        }
        return value
    }

    private func checked<Value: Decodable>(_ type: Value.Type) throws -> Value {
        let result: Value
        do {
            result = try Value(from: self)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as DecodingError {
            throw failure(ConfigurationDecoder.reason(for: error))
        }
        if case .mapping(let entries)? = node, !asked.takesAny, !asked.keys.isEmpty {
            for entry in entries where !asked.keys.contains(entry.key) {
                let fullPath = path.isEmpty ? entry.key : "\(path).\(entry.key)"
                let reason = "is not a setting; \(advice(for: entry.key, among: asked.keys))"
                throw ConfigurationError(file: file, path: fullPath, reason: reason)
            }
        }
        return result
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .mapping = value else { throw failure("must be a mapping, is \(value.kind)") }
        return KeyedDecodingContainer(KeyedConfiguration<Key>(decoder: self))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .sequence(let items) = value else { throw failure("must be a list, is \(value.kind)") }
        return ConfigurationList(decoder: self, items: items)
    }

    func singleValueContainer() throws -> any SingleValueDecodingContainer {
        ConfigurationScalar(decoder: self)
    }

    /// The decoder of one element of a list.
    func element(_ index: Int, _ item: ConfigurationTree) -> ConfigurationDecoder {
        ConfigurationDecoder(file: file, path: "\(path)[\(index)]", node: item, fallback: nil)
    }

    private static func choices(of type: Any.Type) -> [String]? {
        guard let type = type as? any CaseIterable.Type else { return nil }
        func names<Choice: CaseIterable>(_ type: Choice.Type) -> [String]? {
            let names = type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
            return names.isEmpty ? nil : names
        }
        return names(type)
    }

    private static func reason(for error: DecodingError) -> String {
        switch error {
        case .dataCorrupted(let context), .typeMismatch(_, let context), .valueNotFound(_, let context),
            .keyNotFound(_, let context):
            context.debugDescription
        @unknown default:
            "cannot be read"
        }
    }
}
