import Files

extension SourceListing {
    /// What was skipped, the most important first. Each kind of issue takes one line, with its first example.
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
            notes.append("\(part.isEmpty ? "" : "\(part): ")skipped: \(rest.joined(separator: ", "))")
        }
        return notes
    }

    /// The files of unsupported formats, as in `12 .psd, 3 .heic (what to do)`, the most frequent first; nil without
    /// any.
    var foreignFiles: String? {
        guard !foreign.isEmpty else { return nil }
        let sorted = foreign.map { (ending: $0.key, files: $0.value.files) }
            .sorted { ($1.files, $0.ending) < ($0.files, $1.ending) }
        var text = sorted.prefix(4).map { "\(grouped($0.files)) .\($0.ending)" }.joined(separator: ", ")
        let more = sorted.dropFirst(4).reduce(0) { $0 + $1.files }
        if more > 0 { text += ", \(grouped(more)) more" }
        return "\(text) (\(FileKind.remedy(for: sorted[0].ending)))"
    }

    /// The foreign files that were added since, in the form of `foreignFiles`.
    func foreign(since before: [String: Foreign]) -> String? {
        var new = SourceListing()
        for (ending, found) in foreign {
            let files = found.files - (before[ending]?.files ?? 0)
            if files > 0 { new.foreign[ending] = Foreign(files: files) }
        }
        return new.foreignFiles
    }

    /// The reason that a source of these files has no images.
    var emptiness: String {
        var reason = "holds no images (\(FileKind.imageEndings))"
        let others = ignoredFiles - foreign.values.reduce(0) { $0 + $1.files }
        if let foreignFiles {
            reason += ", but \(foreignFiles)"
        } else if others > 0 {
            reason += ", but \(counted(others, "other file"))"
        }
        if let issue = issues.first(where: { $0.kind != .emptyClass }) { reason += "; \(issue)" }
        return reason
    }

    /// Throws if a larger share of the data is lost than allowed.
    func check(_ path: String, allowing share: Double) throws(DataError) {
        guard lost > share else { return }
        let kinds: [SourceIssue.Kind] = [.unreadable, .damaged, .brokenLink, .notAFile, .loop, .missing]
        let issue = issues.first { kinds.contains($0.kind) }
        throw DataError(
            path: path,
            reason: "\(issue.map { "\($0)" } ?? "data are missing"); that is more than --max-bad allows, which is "
                + "\(share == 0 ? "0" : "\(share)")")
    }
}
