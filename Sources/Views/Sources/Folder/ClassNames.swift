import Files

/// Lists of class names, whose indices are the labels. Classes are told apart by the bytes of their names and by their places,
/// never by what Unicode takes for equal: two of them may look the same, or be called the same.
public enum ClassNames {
    /// Where a class of one list is in another.
    public enum Place: Equatable, Sendable {
        /// At this index.
        case at(Int)
        /// Nowhere: none has these bytes.
        case missing
        /// Several have them, and not as many here, so which is which cannot be told.
        case ambiguous

        /// The index; nil where there is none.
        public var index: Int? { if case .at(let index) = self { index } else { nil } }
    }

    /// For each name its place in another list. Of a name that both lists have n times, the first is the first there, and so on.
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

    /// A list with the names of another behind it that it does not have: known classes keep their labels, new ones get the
    /// following.
    public static func extended(_ known: [String], by names: [String]) -> [String] {
        known + zip(names, places(of: names, in: known)).filter { $1 == .missing }.map(\.0)
    }

    /// Whether two lists are the same, byte by byte.
    public static func areEqual(_ first: [String], _ second: [String]) -> Bool {
        first.count == second.count && zip(first, second).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    /// The names for people: those that look like another one have their index behind.
    public static func shown(_ names: [String]) -> [String] {
        var counts: [String: Int] = [:]
        for name in names { counts[name, default: 0] += 1 }
        return names.enumerated().map { counts[$1, default: 0] > 1 ? "\($1) (\($0))" : $1 }
    }

    /// The list as a text, a name a line.
    public static func text(_ names: [String]) -> String { names.map { $0 + "\n" }.joined() }

    /// Reads a list that was written so; nil where there is no such file.
    public static func read(_ path: String) -> [String]? {
        guard let data = try? StoredFile.read(path), !data.isEmpty else { return nil }
        // By bytes: in a Swift string, a return and a new line are one character.
        var lines = data.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines.map { String(decoding: $0, as: UTF8.self) }
    }
}
