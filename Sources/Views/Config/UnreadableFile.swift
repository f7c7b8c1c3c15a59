import Files

/// Why a configuration cannot be read, and which file was probably meant where there is none of that name.
func unreadable(_ file: String, _ error: DecodeError) -> String {
    guard StoredFile.exists(file) else {
        return error.reason + (similar(to: file).map { "; did you mean \($0)?" } ?? "")
    }
    if Folder.exists(file) { return "is a folder, not a YAML file" }
    return error.kind == .tooLarge ? "is no pipeline: it \(error.reason)" : error.reason
}

/// The YAML file of the same folder, or of pipelines/, whose name is the closest, where one is close.
private func similar(to file: String) -> String? {
    let folder = file.contains("/") ? SystemPath.folder(of: file) : "."
    /// The name without its ending.
    func stem(_ name: String) -> String { String(name[..<(name.dropFirst().lastIndex(of: ".") ?? name.endIndex)]) }
    let name = stem(SystemPath.name(of: file))
    var found: [(path: String, distance: Int)] = []
    for place in [folder, "pipelines"] {
        for other in Folder.names(in: place) {
            guard other.hasSuffix(".yaml") || other.hasSuffix(".yml") else { continue }
            let distance = editDistance(name.lowercased(), stem(other).lowercased())
            found.append((place == "." ? other : "\(place)/\(other)", distance))
        }
    }
    let nearest = found.min { ($0.distance, $0.path) < ($1.distance, $1.path) }
    return nearest.flatMap { $0.distance <= max(1, name.count / 3) ? $0.path : nil }
}
