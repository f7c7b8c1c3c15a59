/// Encodes a value as a tree with names in snake_case, every setting, and nil as `null`.
struct ConfigurationEncoder: Encoder {
    /// The storage that containers write to.
    final class Slot {
        enum Content {
            case leaf(ConfigurationTree)
            case list([Slot])
            case map([(key: String, value: Slot)])
        }
        var content = Content.map([])
        /// Whether to sort keys, since a dictionary's order differs from run to run.
        var sorts = false
        /// Whether keys are names of members of a family.
        var isChoice = false

        var tree: ConfigurationTree {
            switch content {
            case .leaf(let tree): tree
            case .list(let items): .sequence(items.map(\.tree))
            case .map(let entries):
                .mapping(
                    (sorts ? entries.sorted { $0.key < $1.key } : entries)
                        .map { .init(key: $0.key, value: $0.value.tree, isChoice: isChoice) })
            }
        }

        func add(_ key: String) -> Slot {
            let slot = Slot()
            if case .map(let entries) = content { content = .map(entries + [(key, slot)]) }
            return slot
        }

        func append() -> Slot {
            let slot = Slot()
            if case .list(let items) = content { content = .list(items + [slot]) }
            return slot
        }
    }

    let slot: Slot
    /// Whether keys are data, which stay as they are, rather than names of properties.
    var keepsKeys = false
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    /// The tree of a value.
    static func tree<Value: Encodable>(_ value: Value) throws -> ConfigurationTree {
        let slot = Slot()
        try ConfigurationEncoder(slot: slot).encode(value)
        return slot.tree
    }

    private func encode<Value: Encodable>(_ value: Value) throws {
        try value.encode(to: ConfigurationEncoder(slot: slot, keepsKeys: Value.self is any StringKeyed.Type))
    }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        slot.content = .map([])
        slot.sorts = keepsKeys
        slot.isChoice = Key.self is NameKey.Type
        return KeyedEncodingContainer(Keyed<Key>(slot: slot, keepsKeys: keepsKeys || Key.self is NameKey.Type))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        slot.content = .list([])
        return List(slot: slot)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer { Single(slot: slot) }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let slot: Slot
        let keepsKeys: Bool
        var codingPath: [any CodingKey] { [] }

        private func add(_ key: Key) -> Slot {
            slot.add(keepsKeys ? key.stringValue : snakeCase(key.stringValue))
        }

        mutating func encodeNil(forKey key: Key) throws { add(key).content = .leaf(.null) }

        mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
            try ConfigurationEncoder(slot: add(key)).encode(value)
        }

        // The default implementations skip nil.
        mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws { try optional(value, key) }
        mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws { try optional(value, key) }
        mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws { try optional(value, key) }
        mutating func encodeIfPresent(_ value: Float?, forKey key: Key) throws { try optional(value, key) }
        mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws { try optional(value, key) }
        mutating func encodeIfPresent(_ value: UInt64?, forKey key: Key) throws { try optional(value, key) }
        mutating func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
            try optional(value, key)
        }

        private mutating func optional<Value: Encodable>(_ value: Value?, _ key: Key) throws {
            guard let value else { return try encodeNil(forKey: key) }
            try encode(value, forKey: key)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedEncodingContainer<Nested> {
            ConfigurationEncoder(slot: add(key)).container(keyedBy: type)
        }

        mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
            ConfigurationEncoder(slot: add(key)).unkeyedContainer()
        }

        mutating func superEncoder() -> any Encoder { ConfigurationEncoder(slot: slot) }
        mutating func superEncoder(forKey key: Key) -> any Encoder { ConfigurationEncoder(slot: add(key)) }
    }

    private struct List: UnkeyedEncodingContainer {
        let slot: Slot
        var codingPath: [any CodingKey] { [] }
        private(set) var count = 0

        init(slot: Slot) { self.slot = slot }

        private mutating func append() -> Slot {
            count += 1
            return slot.append()
        }

        mutating func encodeNil() throws { append().content = .leaf(.null) }

        mutating func encode<Value: Encodable>(_ value: Value) throws {
            try ConfigurationEncoder(slot: append()).encode(value)
        }

        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) -> KeyedEncodingContainer<Nested> {
            ConfigurationEncoder(slot: append()).container(keyedBy: type)
        }

        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
            ConfigurationEncoder(slot: append()).unkeyedContainer()
        }

        mutating func superEncoder() -> any Encoder { ConfigurationEncoder(slot: append()) }
    }

    private struct Single: SingleValueEncodingContainer {
        let slot: Slot
        var codingPath: [any CodingKey] { [] }

        private func plain(_ text: String) { slot.content = .leaf(.scalar(text, quoted: false)) }

        mutating func encodeNil() throws { slot.content = .leaf(.null) }
        mutating func encode(_ value: Bool) throws { plain(value ? "true" : "false") }
        mutating func encode(_ value: String) throws { slot.content = .leaf(.scalar(value, quoted: true)) }
        mutating func encode(_ value: Double) throws { plain(real(value.description)) }
        mutating func encode(_ value: Float) throws { plain(real(value.description)) }
        mutating func encode(_ value: Int) throws { plain("\(value)") }
        mutating func encode(_ value: Int8) throws { plain("\(value)") }
        mutating func encode(_ value: Int16) throws { plain("\(value)") }
        mutating func encode(_ value: Int32) throws { plain("\(value)") }
        mutating func encode(_ value: Int64) throws { plain("\(value)") }
        mutating func encode(_ value: UInt) throws { plain("\(value)") }
        mutating func encode(_ value: UInt8) throws { plain("\(value)") }
        mutating func encode(_ value: UInt16) throws { plain("\(value)") }
        mutating func encode(_ value: UInt32) throws { plain("\(value)") }
        mutating func encode(_ value: UInt64) throws { plain("\(value)") }
        mutating func encode<Value: Encodable>(_ value: Value) throws {
            try ConfigurationEncoder(slot: slot).encode(value)
        }

        /// A number as YAML 1.1 writes it, with a point before an exponent.
        private func real(_ text: String) -> String {
            switch text {
            case "inf": ".inf"
            case "-inf": "-.inf"
            case "nan": ".nan"
            default:
                text.contains(".") ? text : text.replacing("e", with: ".0e", maxReplacements: 1)
            }
        }
    }
}

private protocol StringKeyed {}
extension Dictionary: StringKeyed where Key == String {}
