import Files

/// What a JSON object says of an image: a line of a table, or the .json member of a shard's sample.
struct TableObject: DecodableWithConfiguration {
    /// Which keys are looked for.
    struct Keys: Sendable {
        /// Names that are looked for as they are.
        fileprivate let exact: [String: (column: ImageColumn, rank: Int)]
        /// Columns that are looked for by the names that are known.
        fileprivate let columns: Set<ImageColumn>
        /// Columns that were numbers before, which are tried as such first: a wrong try takes longer than all the rest.
        var numbers: Set<ImageColumn> = [.value, .weight]

        /// Chosen columns by their names, the others by the names that are known.
        init(chosen: [NamedColumn] = []) {
            exact = Dictionary(chosen.map { ($0.name, ($0.column, 0)) }, uniquingKeysWith: { first, _ in first })
            columns = Set(ImageColumn.allCases).subtracting(chosen.map(\.column))
        }

        /// The keys of the .json members of shards, the first that is there: other names mean other things there.
        static let sample = Keys(sample: ["cls": .label, "label": .label, "class": .label])

        private init(sample labels: KeyValuePairs<String, ImageColumn>) {
            let others = [ImageColumn.labels, .value, .split, .group, .weight].map { ($0.rawValue, ($0, 0)) }
            let ranked = labels.enumerated().map { ($1.key, ($1.value, $0)) }
            exact = Dictionary(ranked + others, uniquingKeysWith: { first, _ in first })
            columns = []
        }

        /// Whether a text may have one of the keys that are looked for as they are; most objects hold captions and addresses, and
        /// are not worth parsing.
        func mayOccur(in text: Data) -> Bool {
            exact.keys.contains { text.firstRange(of: Data("\"\($0)\"".utf8)) != nil }
        }

        fileprivate static let known: [String: (column: ImageColumn, rank: Int)] = Dictionary(
            ImageColumn.allCases.flatMap { column in
                column.names.enumerated().map { ($1, (column, $0)) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Texts by column; a column that is null has none.
    private(set) var texts: [ImageColumn: String] = [:]
    /// The labels, where they are a list.
    private(set) var labels: [String]?
    /// The columns that the object has, with their keys.
    private(set) var keys: [ImageColumn: String] = [:]
    /// The columns whose values are numbers.
    private(set) var numbers = Set<ImageColumn>()
    /// The first key whose value is none that its column can have.
    private(set) var wrong: String?

    /// The same without anything but a column.
    func only(_ column: ImageColumn) -> TableObject {
        var object = self
        object.texts = texts.filter { $0.key == column }
        object.keys = keys.filter { $0.key == column }
        if column != .labels { object.labels = nil }
        return object
    }

    /// Forgets the label; a list of them stays.
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
        // Keys come in an order that is another each time: of two with one meaning the first by its bytes counts.
        func take(_ name: String, _ column: ImageColumn, _ rank: Int) {
            let (before, best) = (keys[column] ?? "", ranks[column] ?? .max)
            guard rank < best || rank == best && name.utf8.lexicographicallyPrecedes(before.utf8) else { return }
            (keys[column], ranks[column]) = (name, rank)
        }
        for key in values.allKeys {
            let name = key.stringValue
            if let (column, rank) = configuration.exact[name] {
                take(name, column, rank)
            } else if !configuration.columns.isEmpty,
                let (column, rank) = Keys.known[ImageColumn.plain(name)], configuration.columns.contains(column)
            {
                take(name, column, rank)
            }
        }
        // In one order, so that the same key is told every time.
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
