import Files

/// Lists of class names, whose indices are the labels. Names are compared byte by byte, not by Unicode equivalence. Two
/// classes may look the same or have the same name; then their order in the list distinguishes them.
public enum ClassNames {
    /// Where a class of one list is found in another list.
    public enum Place: Equatable, Sendable {
        /// It has this index.
        case at(Int)
        /// No class has these bytes.
        case missing
        /// Several classes have these bytes, and the two lists have different numbers of them.
        case ambiguous

        /// The index; nil if the class is missing or ambiguous.
        public var index: Int? { if case .at(let index) = self { index } else { nil } }
    }

    /// Finds each name in another list. If both lists have a name n times, the occurrences are matched in order.
    public static func places(of names: [String], in known: [String]) -> [Place] {
        if areEqual(names, known) { return names.indices.map { .at($0) } }
        var there: [[UInt8]: [Int]] = [:]
        for (index, name) in known.enumerated() { there[Array(name.utf8), default: []].append(index) }
        var here: [[UInt8]: Int] = [:]
        for name in names { here[Array(name.utf8), default: 0] += 1 }
        var seen: [[UInt8]: Int] = [:]
        return names.map { name in
            let bytes = Array(name.utf8)
            guard let places = there[bytes] else { return .missing }
            guard places.count == here[bytes] else { return .ambiguous }
            defer { seen[bytes, default: 0] += 1 }
            return .at(places[seen[bytes, default: 0]])
        }
    }

    /// A list followed by the names that only the other list has. Known classes keep their labels; new ones get the
    /// next labels.
    public static func extended(_ known: [String], by names: [String]) -> [String] {
        known + zip(names, places(of: names, in: known)).filter { $1 == .missing }.map(\.0)
    }

    /// Whether two lists are equal byte by byte.
    public static func areEqual(_ first: [String], _ second: [String]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    /// The names for display: a name that looks like another one is followed by its index.
    public static func shown(_ names: [String]) -> [String] {
        var counts: [String: Int] = [:]
        for name in names { counts[name, default: 0] += 1 }
        return names.enumerated().map { counts[$1, default: 0] > 1 ? "\($1) (\($0))" : $1 }
    }

    /// The list as text, one name per line.
    public static func text(_ names: [String]) -> String { names.map { $0 + "\n" }.joined() }

    /// Reads a list that `text` wrote; nil if there is no such file.
    public static func read(_ path: String) -> [String]? {
        guard let data = try? StoredFile.read(path), !data.isEmpty else { return nil }
        // Split by bytes, because Swift treats a carriage return and a line feed as one character.
        var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}
