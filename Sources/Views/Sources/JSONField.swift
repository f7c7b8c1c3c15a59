import Files

/// A value in a JSON object, as far as tables and shards read it.
enum JSONField: Decodable {
    case null
    case text(String)
    /// A number as text: `3` for 3 and 3.0.
    case number(String)
    case other

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let text = try? value.decode(String.self) {
            self = .text(text)
        } else if let number = try? value.decode(Int.self) {
            self = .number("\(number)")
        } else if let number = try? value.decode(Double.self) {
            self = .number("\(number)")
        } else {
            self = .other
        }
    }
}
