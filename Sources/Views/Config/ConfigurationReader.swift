/// Reads a YAML configuration strictly: unknown settings, wrong types and values out of range are errors with a path.
///
/// ```swift
/// let reader = try ConfigurationReader(contentsOf: "pipelines/simclr.yaml", overrides: ["training.epochs=5"])
/// let experiment = try reader.read(Experiment.self)
/// ```
public struct ConfigurationReader: Sendable {
    /// The file's name in messages.
    public let file: String
    private let tree: ConfigurationTree
    private let overrides: [ConfigurationOverride]

    /// A reader of YAML text.
    /// - Parameters:
    ///   - file: the text's name in messages.
    ///   - text: one YAML document, a mapping; at most 256 KiB.
    ///   - overrides: settings that replace the text's, each `path=value` as in `views.branches[0].size=96`; values are
    ///     YAML too.
    public init(file: String, text: String, overrides: [String] = []) throws(ConfigurationError) {
        self.file = file
        tree = try ConfigurationParser(file: file).parse(text)
        guard case .mapping = tree else {
            throw ConfigurationError(file: file, path: "", reason: "must be a mapping of settings, is \(tree.kind)")
        }
        self.overrides = try ConfigurationOverride.parse(overrides)
    }

    /// A reader of a YAML file.
    public init(contentsOf file: String, overrides: [String] = []) throws(ConfigurationError) {
        let buffer = FileBuffer(limit: ConfigurationParser.maximumBytes)
        do throws(DecodeError) {
            try buffer.read(path: file, name: file)
        } catch {
            throw ConfigurationError(file: file, path: "", reason: unreadable(file, error))
        }
        guard let text = String(validating: buffer.bytes, as: UTF8.self) else {
            throw ConfigurationError(file: file, path: "", reason: "is no YAML file: it is not text in UTF-8")
        }
        try self.init(file: file, text: text, overrides: overrides)
    }

    /// The names at the top of the file and of the overrides.
    public var sections: Set<String> {
        guard case .mapping(let entries) = tree else { return [] }
        return Set(entries.map(\.key) + overrides.map(\.section))
    }

    /// Reads a configuration: the file, completed by the defaults, with the overrides applied.
    /// - Parameters:
    ///   - type: the component whose settings are read.
    ///   - section: the key of the part to read, if the file has more parts than `Value` knows. The other parts are
    ///     ignored; a missing part gets its defaults. Empty for the whole file.
    public func read<Value: Component>(
        _ type: Value.Type, section: String = ""
    ) throws(ConfigurationError) -> Value {
        let part = section.isEmpty ? tree : tree[section] ?? .null
        let written = try decode(type, from: part, path: section)
        let concerned = overrides.filter { section.isEmpty || $0.section == section }
        guard !concerned.isEmpty else { return written }
        var resolved = try ConfigurationWriter.tree(written)
        if !section.isEmpty { resolved = .mapping([.init(key: section, value: resolved)]) }
        for override in concerned { try override.apply(to: &resolved) }
        do {
            return try decode(type, from: section.isEmpty ? resolved : resolved[section] ?? .null, path: section)
        } catch {
            // The file alone was valid.
            let isOwn = concerned.contains { $0.concerns(error.path) }
            let origin = isOwn ? ConfigurationOverride.source : "\(file) with \(ConfigurationOverride.source)"
            throw ConfigurationError(file: origin, path: error.path, reason: error.reason)
        }
    }

    private func decode<Value: Component>(
        _ type: Value.Type, from tree: ConfigurationTree, path: String
    ) throws(ConfigurationError) -> Value {
        do {
            return try ConfigurationDecoder(file: file, path: path, node: tree, fallback: nil).decode(type)
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(file: file, path: path, reason: "\(error)")
        }
    }
}
