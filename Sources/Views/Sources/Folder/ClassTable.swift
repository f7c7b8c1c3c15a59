/// Collects labels, words or numbers, and makes classes of them.
struct ClassTable {
    /// The distinct labels in the order of their first appearance.
    private(set) var labels: [String] = []
    /// The number of images of each label.
    private var uses: [Int] = []
    private var places: [[UInt8]: Int] = [:]

    /// The longest accepted label.
    static let limit = 256

    /// The index of a label in `labels`.
    mutating func place(of label: String, uses count: Int = 1) -> Int {
        let key = Array(label.utf8)
        let place = places[key] ?? labels.count
        if place == labels.count {
            places[key] = place
            labels.append(label)
            uses.append(0)
        }
        uses[place] += count
        return place
    }

    /// The normal form of a label: without surrounding space, and whole numbers without leading zeros or a decimal
    /// point. Nil if it is empty, negative or not UTF-8.
    static func label(_ bytes: some Sequence<UInt8>) -> String? {
        let bytes = Array(bytes.prefix { $0 != 0 })
        guard bytes.count <= limit, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        // A label has one line.
        let lines = text.split(whereSeparator: \.isNewline)
        guard lines.count == 1, let first = lines[0].firstIndex(where: { !$0.isWhitespace }),
            let last = lines[0].lastIndex(where: { !$0.isWhitespace })
        else { return nil }
        let label = lines[0][first...last]
        guard label.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x2E }) else {
            return String(label)
        }
        // Ranges, dates and versions count as words.
        guard let value = Double(label) else { return String(label) }
        guard value >= 0 else { return nil }
        guard value == value.rounded() else { return String(label) }
        return value < 0x1p53 ? String(Int(value)) : nil
    }

    /// Whether a text is blank, as opposed to an invalid label.
    static func isBlank(_ bytes: some Sequence<UInt8>) -> Bool {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).allSatisfy(\.isWhitespace)
    }

    /// Whether a label is a whole number.
    static func isNumber(_ label: String) -> Bool { label.utf8.allSatisfy { (0x30...0x39).contains($0) } }

    /// The class names, and the class of each label; nil for a label without a class.
    ///
    /// Numbers are classes in ascending order: all from 0, or only those that occur if most would have no image. Words
    /// are in the order of their bytes. If words and numbers are mixed, the rarer kind has no class.
    func classes() -> (names: [String], places: [Int?]) {
        let isNumber = labels.map(ClassTable.isNumber)
        let numbers = zip(isNumber, uses).reduce(0) { $0 + ($1.0 ? $1.1 : 0) }
        let areNumbers = 2 * numbers >= uses.reduce(0, +)
        let kept = labels.indices.filter { isNumber[$0] == areNumbers }
        var names: [String]
        if areNumbers {
            let values = kept.compactMap { Int(labels[$0]) }.sorted()
            let largest = values.last ?? -1
            names = (largest < 4 * values.count + 16 ? Array(0..<largest + 1) : values).map(String.init)
        } else {
            names = kept.map { labels[$0] }.sorted { precedes(Array($0.utf8), Array($1.utf8)) }
        }
        let order = ClassTable.places(of: names)
        return (names, labels.map { order[Array($0.utf8)] })
    }

    /// The class of each label among given names: by name, or by number if no label is one of the names.
    func classes(among names: [String]) -> [Int?] {
        let order = ClassTable.places(of: names)
        let byName = labels.map { order[Array($0.utf8)] }
        if byName.contains(where: { $0 != nil }) { return byName }
        return labels.map { label in Int(label).flatMap { names.indices.contains($0) ? $0 : nil } }
    }

    /// The first index of each name, by its bytes, since Swift's strings are equal in different normal forms.
    static func places(of names: [String]) -> [[UInt8]: Int] {
        Dictionary(names.enumerated().map { (Array($1.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    }
}
