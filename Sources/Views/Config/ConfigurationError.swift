/// Why a configuration cannot be used: which file, which setting, and what is wrong with it.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file, as the caller named it.
    public var file: String
    /// The setting, as in `views.branches[0].steps[1].color_jitter.hue`; empty for the file as a whole.
    public var path: String
    /// One line for people: what is wrong.
    public var reason: String

    /// Makes an error.
    public init(file: String, path: String, reason: String) {
        self.file = file
        self.path = path
        self.reason = reason
    }

    /// `file: path: reason`.
    public var description: String {
        path.isEmpty ? "\(file): \(reason)" : "\(file): \(path): \(reason)"
    }
}

/// What to say of a name that is none of the valid ones: the closest, where one is close, and all of them.
func advice(for name: String, among valid: [String]) -> String {
    guard !valid.isEmpty else { return "there are none" }
    let close = valid.map { ($0, editDistance(name, $0)) }.min { $0.1 < $1.1 }
    let list = "valid are \(valid.joined(separator: ", "))"
    guard let (nearest, distance) = close, distance < name.count, distance <= max(2, name.count / 3) else {
        return list
    }
    return "did you mean \(nearest)? \(list)"
}

/// The number of insertions, deletions and replacements between two words (Levenshtein's distance).
func editDistance(_ first: String, _ second: String) -> Int {
    // Names are short; what is not a name need not be measured to the end.
    let a = Array(first.utf8.prefix(64))
    let b = Array(second.utf8.prefix(64))
    var row = Array(0...b.count)
    for i in a.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in b.indices {
            let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(replaced, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[b.count]
}
