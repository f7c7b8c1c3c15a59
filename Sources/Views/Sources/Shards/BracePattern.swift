/// Brace patterns in names, as in WebDataset: `shards-{000..123}.tar`, `{train,val}-{00..09}.tar`.
enum BracePattern {
    /// The largest number of names of one pattern.
    static let limit = 1_000_000

    /// Whether the text has a brace that can be expanded.
    static func isPattern(_ text: String) -> Bool {
        guard let names = try? expand(text) else { return true }
        return names != [text]
    }

    /// All names in order, as in Bash and Python's `braceexpand`: ranges keep leading zeros; braces without a comma or
    /// a range stay as they are.
    /// - Throws: `DataError` if there are more than a million.
    static func expand(_ text: String) throws(DataError) -> [String] {
        var names: [[UInt8]] = [[]]
        var rest = Array(text.utf8)[...]
        while let open = rest.firstIndex(of: UInt8(ascii: "{")) {
            guard let close = rest[open...].firstIndex(of: UInt8(ascii: "}")),
                let choices = choices(rest[(open + 1)..<close])
            else {
                names = names.map { $0 + rest[...open] }
                rest = rest[(open + 1)...]
                continue
            }
            guard names.count * choices.count <= limit else {
                throw DataError(path: text, reason: "expands to more than \(limit) names")
            }
            let before = rest[..<open]
            names = names.flatMap { name in choices.map { name + before + $0 } }
            rest = rest[(close + 1)...]
        }
        return names.map { String(decoding: $0 + rest, as: UTF8.self) }
    }

    private static func choices(_ inside: ArraySlice<UInt8>) -> [[UInt8]]? {
        let text = String(decoding: inside, as: UTF8.self)
        if text.contains(",") {
            return text.split(separator: ",", omittingEmptySubsequences: false).map { Array($0.utf8) }
        }
        let ends = text.split(separator: ".", omittingEmptySubsequences: false)
        guard ends.count == 3, ends[1].isEmpty, let first = number(ends[0]), let last = number(ends[2]),
            abs(last - first) < limit
        else { return nil }
        // Leading zeros of either end set the number of digits.
        let padded = [ends[0], ends[2]].contains { $0.count > 1 && $0.first == "0" }
        let width = padded ? max(ends[0].count, ends[2].count) : 0
        return stride(from: first, through: last, by: first <= last ? 1 : -1).map { value in
            let digits = String(value)
            return Array((String(repeating: "0", count: max(0, width - digits.count)) + digits).utf8)
        }
    }

    /// A number of at most nine digits.
    private static func number(_ text: Substring) -> Int? {
        guard (1...9).contains(text.count), text.allSatisfy(\.isNumber) else { return nil }
        return Int(text)
    }
}
