import Files

/// The fields of a JSON object: a line of a table, or the .json member of a shard's sample.
struct TableObject: DecodableWithConfiguration {
    /// The keys to look for.
    struct Keys: Sendable {
        /// Names that must match exactly.
        fileprivate let exact: [String: (column: ImageColumn, rank: Int)]
        /// Columns that are found by their usual names.
        fileprivate let columns: Set<ImageColumn>
        /// Columns that held numbers before. They are decoded as numbers first, because a wrong attempt is slow.
        var numbers: Set<ImageColumn> = [.value, .weight]

        /// Chosen columns by their names, the others by their usual names.
        init(chosen: [NamedColumn] = []) {
            exact = Dictionary(chosen.map { ($0.name, ($0.column, 0)) }, uniquingKeysWith: { first, _ in first })
            columns = Set(ImageColumn.allCases).subtracting(chosen.map(\.column))
        }

        /// The keys of the .json members of shards, of which the first is used. Other names have other meanings there.
        static let sample = Keys(sample: ["cls": .label, "label": .label, "class": .label])

        private init(sample labels: KeyValuePairs<String, ImageColumn>) {
            let others = [ImageColumn.labels, .value, .split, .group, .weight].map { ($0.rawValue, ($0, 0)) }
            let ranked = labels.enumerated().map { ($1.key, ($1.value, $0)) }
            exact = Dictionary(ranked + others, uniquingKeysWith: { first, _ in first })
            columns = []
        }

        /// The column that a key means, and its rank among the keys of that column; nil if it means none.
        func meaning(of name: String) -> (column: ImageColumn, rank: Int)? {
            if let found = exact[name] { return found }
            guard !columns.isEmpty, let found = Keys.known[ImageColumn.plain(name)], columns.contains(found.column)
            else { return nil }
            return found
        }

        /// Whether a text may have one of the exact keys. Most objects only hold captions and addresses and need no
        /// parsing.
        func mayOccur(in text: Data) -> Bool {
            exact.keys.contains { text.firstRange(of: Data("\"\($0)\"".utf8)) != nil }
        }

        fileprivate static let known: [String: (column: ImageColumn, rank: Int)] = Dictionary(
            ImageColumn.allCases.flatMap { column in
                column.names.enumerated().map { ($1, (column, $0)) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Texts by column, without those that are null.
    private(set) var texts: [ImageColumn: String] = [:]
    /// The labels, if they are a list.
    private(set) var labels: [String]?
    /// The columns that the object has, with their keys.
    private(set) var keys: [ImageColumn: String] = [:]
    /// The columns whose values are numbers.
    private(set) var numbers = Set<ImageColumn>()
    /// The first key whose value is invalid for its column.
    private(set) var wrong: String?

    /// The object with only one column.
    func only(_ column: ImageColumn) -> TableObject {
        var object = self
        object.texts = texts.filter { $0.key == column }
        object.keys = keys.filter { $0.key == column }
        if column != .labels { object.labels = nil }
        return object
    }

    /// Removes the label, but not a list of labels.
    mutating func removeLabel() {
        texts[.label] = nil
        keys[.label] = nil
        if labels != nil { keys[.labels] = keys[.labels] ?? "" }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder, configuration: Keys) throws {
        let values = try decoder.container(keyedBy: Key.self)
        var ranks: [ImageColumn: Int] = [:]
        // The order of keys is random: of two with the same meaning the first by its bytes is used.
        func take(_ name: String, _ column: ImageColumn, _ rank: Int) {
            let (before, best) = (keys[column] ?? "", ranks[column] ?? .max)
            guard rank < best || rank == best && name.utf8.lexicographicallyPrecedes(before.utf8) else { return }
            (keys[column], ranks[column]) = (name, rank)
        }
        for key in values.allKeys {
            if let (column, rank) = configuration.meaning(of: key.stringValue) { take(key.stringValue, column, rank) }
        }
        // In a fixed order, so that the same key is reported every time.
        for column in ImageColumn.allCases {
            if let name = keys[column] { read(column, Key(name), values, configuration) }
        }
    }

    private mutating func read(
        _ column: ImageColumn, _ key: Key, _ values: KeyedDecodingContainer<Key>, _ configuration: Keys
    ) {
        let takesNumbers = column != .path && column != .caption
        if takesNumbers, configuration.numbers.contains(column), let number = number(key, values) {
            texts[column] = number
            numbers.insert(column)
        } else if let text = try? values.decode(String.self, forKey: key) {
            texts[column] = text
        } else if (try? values.decodeNil(forKey: key)) == true {
            return
        } else if takesNumbers, let number = number(key, values) {
            texts[column] = number
            numbers.insert(column)
        } else if takesNumbers, let flag = try? values.decode(Bool.self, forKey: key) {
            texts[column] = "\(flag)"
        } else if column == .label || column == .labels, let list = try? values.decode([String].self, forKey: key) {
            labels = list
        } else if column == .label || column == .labels, let list = try? values.decode([Int].self, forKey: key) {
            labels = list.map(String.init)
        } else {
            wrong = wrong ?? key.stringValue
            keys[column] = nil
        }
    }

    private func number(_ key: Key, _ values: KeyedDecodingContainer<Key>) -> String? {
        if let whole = try? values.decode(Int.self, forKey: key) { return String(whole) }
        return (try? values.decode(Double.self, forKey: key)).map { "\($0)" }
    }
}
