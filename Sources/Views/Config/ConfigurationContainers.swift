/// The settings of a mapping: those of the file, then the defaults.
struct KeyedConfiguration<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let decoder: ConfigurationDecoder
    var codingPath: [any CodingKey] { [] }

    var allKeys: [Key] {
        decoder.asked.takesAny = true
        guard case .mapping(let entries) = decoder.value else { return [] }
        return entries.compactMap { Key(stringValue: $0.key) }
    }

    private func child(_ key: Key) -> ConfigurationDecoder {
        // Keys from the file are looked up as they are, a property's name as files write it.
        let name = decoder.asked.takesAny ? key.stringValue : snakeCase(key.stringValue)
        if !decoder.asked.keys.contains(name) { decoder.asked.keys.append(name) }
        return ConfigurationDecoder(
            file: decoder.file, path: decoder.path.isEmpty ? name : "\(decoder.path).\(name)",
            node: decoder.node?[name], fallback: decoder.fallback?[name])
    }

    private func present(_ key: Key) throws -> ConfigurationDecoder {
        let child = child(key)
        guard child.node != nil || child.fallback != nil else { throw child.failure("is missing") }
        return child
    }

    func contains(_ key: Key) -> Bool {
        let child = child(key)
        return child.node != nil || child.fallback != nil
    }

    func decodeNil(forKey key: Key) throws -> Bool { child(key).value.isNull }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        try present(key).decode(type)
    }

    func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> {
        try present(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try present(key).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { decoder }
    func superDecoder(forKey key: Key) throws -> any Decoder { try present(key) }
}

/// The elements of a list.
struct ConfigurationList: UnkeyedDecodingContainer {
    let decoder: ConfigurationDecoder
    let items: [ConfigurationTree]
    private(set) var currentIndex = 0
    var codingPath: [any CodingKey] { [] }
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex >= items.count }

    init(decoder: ConfigurationDecoder, items: [ConfigurationTree]) {
        self.decoder = decoder
        self.items = items
    }

    private mutating func next() throws -> ConfigurationDecoder {
        guard !isAtEnd else { throw decoder.failure("must have more than \(items.count) elements") }
        defer { currentIndex += 1 }
        return decoder.element(currentIndex, items[currentIndex])
    }

    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, items[currentIndex].isNull else { return false }
        currentIndex += 1
        return true
    }

    mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
        try next().decode(type)
    }

    mutating func nestedContainer<Nested: CodingKey>(
        keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> {
        try next().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
        try next().unkeyedContainer()
    }

    mutating func superDecoder() throws -> any Decoder { try next() }
}

/// A single value.
struct ConfigurationScalar: SingleValueDecodingContainer {
    let decoder: ConfigurationDecoder
    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { decoder.value.isNull }

    func decode(_ type: Bool.Type) throws -> Bool {
        guard let value = decoder.value.bool else { throw mismatch("true or false") }
        return value
    }

    func decode(_ type: String.Type) throws -> String {
        guard case .scalar(let text, _) = decoder.value, !decoder.value.isNull else { throw mismatch("text") }
        return text
    }

    func decode(_ type: Double.Type) throws -> Double {
        guard let value = decoder.value.number else { throw mismatch("a number") }
        return value
    }

    func decode(_ type: Float.Type) throws -> Float { Float(try decode(Double.self)) }
    func decode(_ type: Int.Type) throws -> Int { try integer(type) }
    func decode(_ type: Int8.Type) throws -> Int8 { try integer(type) }
    func decode(_ type: Int16.Type) throws -> Int16 { try integer(type) }
    func decode(_ type: Int32.Type) throws -> Int32 { try integer(type) }
    func decode(_ type: Int64.Type) throws -> Int64 { try integer(type) }
    func decode(_ type: UInt.Type) throws -> UInt { try integer(type) }
    func decode(_ type: UInt8.Type) throws -> UInt8 { try integer(type) }
    func decode(_ type: UInt16.Type) throws -> UInt16 { try integer(type) }
    func decode(_ type: UInt32.Type) throws -> UInt32 { try integer(type) }
    func decode(_ type: UInt64.Type) throws -> UInt64 { try integer(type) }

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.decode(type) }

    private func integer<Value: FixedWidthInteger>(_ type: Value.Type) throws -> Value {
        guard let value = decoder.value.integer(type) else {
            throw mismatch(Value.isSigned ? "a whole number" : "a whole number, not negative")
        }
        return value
    }

    private func mismatch(_ wanted: String) -> ConfigurationError {
        var hint = ""
        if case .scalar(let text, quoted: true) = decoder.value, wanted != "text" {
            let plain = ConfigurationTree.scalar(text, quoted: false)
            if plain.number != nil || plain.bool != nil { hint = "; write it without quotes" }
        }
        return decoder.failure("must be \(wanted), is \(decoder.value.kind)\(hint)")
    }
}
