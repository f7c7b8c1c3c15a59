/// JSON as this package writes it: sorted keys in snake_case, slashes as they are, and `"Infinity"`, `"-Infinity"` and
/// `"NaN"` for the values that JSON lacks.
public enum JSON {
    /// Indented text that ends with a newline, as in a report.
    public static func document(_ value: some Encodable) throws -> Data {
        let encoder = encoder()
        encoder.outputFormatting.insert(.prettyPrinted)
        return try encoder.encode(value) + Data([0x0A])
    }

    /// One line with its newline, as in a log.
    public static func line(_ value: some Encodable) throws -> Data { try encoder().encode(value) + Data([0x0A]) }

    /// A value from what `document` or `line` wrote.
    public static func value<Value: Decodable>(
        _ type: Value.Type = Value.self, from data: some Collection<UInt8>
    ) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return try decoder.decode(type, from: Data(data))
    }

    /// The encoder, for types whose keys are not snake_case.
    public static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return encoder
    }
}
