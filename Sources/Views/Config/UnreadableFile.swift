import Files

/// Why a configuration cannot be read, and which file was probably meant if there is none of this name.
func unreadable(_ file: String, _ error: DecodeError) -> String {
    guard StoredFile.exists(file) else {
        return error.reason + (similar(to: file).map { "; did you mean \($0)?" } ?? "")
    }
    if Folder.exists(file) { return "is a folder, not a YAML file" }
    return error.kind == .tooLarge ? "is no pipeline: it \(error.reason)" : error.reason
}

/// The YAML file in the same folder or in pipelines/, or the preset, with the closest name; nil if none is close.
private func similar(to file: String) -> String? {
    let folder = file.contains("/") ? SystemPath.folder(of: file) : "."
    /// The name without its ending.
    func stem(_ name: String) -> String { String(name[..<(name.dropFirst().lastIndex(of: ".") ?? name.endIndex)]) }
    let name = stem(SystemPath.name(of: file))
    var found: [(path: String, distance: Int)] = []
    for directory in [folder, "pipelines"] {
        for other in Folder.names(in: directory) {
            guard other.hasSuffix(".yaml") || other.hasSuffix(".yml") else { continue }
            let distance = editDistance(name.lowercased(), stem(other).lowercased())
            found.append((directory == "." ? other : "\(directory)/\(other)", distance))
        }
    }
    if !ConfigurationFile.isPath(SystemPath.name(of: file)) {
        found += Preset.all.map { ($0.name, editDistance(name.lowercased(), $0.name)) }
    }
    let nearest = found.min { ($0.distance, $0.path.count, $0.path) < ($1.distance, $1.path.count, $1.path) }
    return nearest.flatMap { $0.distance <= max(1, name.count / 3) ? $0.path : nil }
}
