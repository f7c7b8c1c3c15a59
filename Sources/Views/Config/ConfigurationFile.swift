import Files

/// The text of a configuration, and where it comes from.
struct ConfigurationFile {
    /// Its path, or the name of a preset; in messages.
    let name: String
    let text: String
    /// What tells it from other files: the path without links, or the name of a preset.
    let identity: String
    private let isPreset: Bool

    /// A text that is not read from a file.
    init(name: String, text: String) {
        self.init(name: name, text: text, identity: ConfigurationFile.identity(of: name), isPreset: false)
    }

    private init(name: String, text: String, identity: String, isPreset: Bool) {
        (self.name, self.text, self.identity, self.isPreset) = (name, text, identity, isPreset)
    }

    /// A preset, or a file. A name with a slash or the ending of YAML is always a path.
    init(named name: String) throws(ConfigurationError) {
        if !ConfigurationFile.isPath(name), let preset = Preset(named: name) {
            self.init(preset)
        } else {
            try self.init(path: name)
        }
    }

    private init(_ preset: Preset) {
        self.init(name: preset.name, text: preset.text, identity: "preset \(preset.name)", isPreset: true)
    }

    private init(path: String) throws(ConfigurationError) {
        let buffer = FileBuffer(limit: ConfigurationParser.maximumBytes)
        do throws(DecodeError) {
            try buffer.read(path: path, name: path)
        } catch {
            throw ConfigurationError(file: path, path: "", reason: unreadable(path, error))
        }
        guard let text = String(validating: buffer.bytes, as: UTF8.self) else {
            throw ConfigurationError(file: path, path: "", reason: "is no YAML file: it is not text in UTF-8")
        }
        self.init(name: path, text: text, identity: ConfigurationFile.identity(of: path), isPreset: false)
    }

    /// The base that this file names: a preset, or a path relative to the file's folder.
    func base(_ name: String) throws(ConfigurationError) -> ConfigurationFile {
        // The presets lie in one folder.
        let stem = isPreset && name.hasSuffix(".yaml") ? String(name.dropLast(5)) : name
        if !ConfigurationFile.isPath(stem), let preset = Preset(named: stem) { return ConfigurationFile(preset) }
        let folder = SystemPath.folder(of: self.name)
        return try ConfigurationFile(path: name.hasPrefix("/") || folder.isEmpty ? name : Folder.join(folder, name))
    }

    private static func identity(of path: String) -> String {
        SystemPath.resolved(path).map { SystemPath.text($0) } ?? path
    }

    /// Whether a name can only be a path.
    static func isPath(_ name: String) -> Bool {
        name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
    }
}
