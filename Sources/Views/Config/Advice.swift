/// The advice on an invalid name: the closest valid name, and the list of valid names.
///
/// It tries, in this order, another spelling of the same name, what torchvision, Albumentations, timm and lightly call
/// it, and the closest name if one is close.
/// - Parameter areOwn: whether the names are those of this file, so that no other library has names for them.
func advice(for name: String, among valid: [String], areOwn: Bool = false) -> String {
    guard !valid.isEmpty else { return "there are none" }
    let list = "valid are \(valid.joined(separator: ", "))"
    let plain = name.split(separator: ".").last.map { plainName($0) } ?? ""
    let foreign = areOwn ? nil : foreignNames[plain] ?? foreignNames[withoutAffixes(plain)]
    let same = [plain, withoutAffixes(plain)].lazy.compactMap { name in valid.first { plainName($0) == name } }.first
    if let meant = same ?? foreign?.names.first(where: valid.contains) { return "did you mean \(meant)? \(list)" }
    switch foreign?.elsewhere {
    case .setting(let path): return "did you mean \(path)? \(list)"
    case .words(let words): return "\(words); \(list)"
    case nil: break
    }
    let close = valid.map { ($0, editDistance(plain, plainName($0))) }.min { $0.1 < $1.1 }
    guard let (nearest, distance) = close, distance < plain.count, distance <= max(2, plain.count / 3) else {
        return list
    }
    return "did you mean \(nearest)? \(list)"
}

/// A name without separators and case: `batch-size`, `batchSize` and `batch_size` are `batchsize`.
private func plainName(_ name: some StringProtocol) -> String {
    String(name).filter { $0.isLetter || $0.isNumber }.lowercased()
}

/// `randomgrayscale` is `grayscale`, `infonceloss` is `infonce`.
private func withoutAffixes(_ plain: String) -> String {
    var name = plain[...]
    if name.hasPrefix("random") { name = name.dropFirst("random".count) }
    for ending in ["loss", "transform", "lr"] where name.hasSuffix(ending) && name.count > ending.count {
        return String(name.dropLast(ending.count))
    }
    return String(name)
}

/// The number of insertions, deletions and replacements between two words (Levenshtein's distance).
func editDistance(_ first: String, _ second: String) -> Int {
    // Names are short, so longer texts need no exact distance.
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
