extension SourceListing {
    /// What was left out, a line each, the weightiest first; a kind of issue is one line, with the first of it.
    func notes(images: Int, in part: String = "") -> [String] {
        var notes: [String] = []
        if let text = foreignFiles {
            let total = foreign.values.reduce(0) { $0 + $1.files }
            let place = part.isEmpty ? "" : "\(part): "
            notes.append(
                total > images
                    ? "\(place)only \(grouped(images)) of \(counted(images + total, "picture")) "
                        + "\(images == 1 ? "is" : "are") read: not \(text)"
                    : "\(place)\(counted(total, "file")) \(total == 1 ? "is" : "are") not read: \(text)")
        }
        var groups: [(kind: SourceIssue.Kind, first: SourceIssue, count: Int)] = []
        for issue in issues {
            if let place = groups.firstIndex(where: { $0.kind == issue.kind }) {
                groups[place].count += 1
            } else {
                groups.append((issue.kind, issue, 1))
            }
        }
        notes += groups.map { _, first, count in
            "\(first)" + (count > 1 ? "; and \(grouped(count - 1)) more like it" : "")
        }
        let others = ignoredFiles - foreign.values.reduce(0) { $0 + $1.files }
        let rest = [(others, "of other kinds"), (hiddenEntries, "hidden"), (systemEntries, "of the system, as @eaDir")]
            .filter { $0.0 > 0 }.map { "\(grouped($0)) \($1)" }
        if !rest.isEmpty {
            notes.append("\(part.isEmpty ? "" : "\(part): ")passed over: \(rest.joined(separator: ", "))")
        }
        return notes
    }

    /// `12 .tif, 12 .webp (what to do)`, the most first; nil where all is read.
    var foreignFiles: String? {
        guard !foreign.isEmpty else { return nil }
        let sorted = foreign.map { (ending: $0.key, files: $0.value.files) }
            .sorted { ($1.files, $0.ending) < ($0.files, $1.ending) }
        var text = sorted.prefix(4).map { "\(grouped($0.files)) .\($0.ending)" }.joined(separator: ", ")
        let more = sorted.dropFirst(4).reduce(0) { $0 + $1.files }
        if more > 0 { text += ", \(grouped(more)) more" }
        return "\(text) (\(sorted[0].ending == "webp" ? FileKind.remedyForWebP : FileKind.remedy))"
    }
}

extension FileKind {
    /// What to do about pictures of a format that is not read.
    static let remedy = "convert them to .jpg or .png"
    /// What to do where libwebp is missing.
    static let remedyForWebP = "install libwebp-dev and build again, or convert them"
}
