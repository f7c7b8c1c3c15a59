/// Reads a YAML configuration strictly: unknown settings, wrong types and values out of range are errors with a path.
///
/// ```swift
/// let reader = try ConfigurationReader(contentsOf: "pipelines/simclr.yaml", overrides: ["training.epochs=5"])
/// let experiment = try reader.read(Experiment.self)
/// ```
///
/// A file may name another one as its `base`: its own settings are then merged into those of the base, see
/// `ConfigurationTree.merge`.
public struct ConfigurationReader: Sendable {
    /// The file's name in messages.
    public let file: String
    private let tree: ConfigurationTree
    private var overrides: [ConfigurationOverride]
    /// The reader of the base; an array of at most one, since a value cannot hold one of its own type.
    private let base: [ConfigurationReader]

    /// A reader of YAML text.
    /// - Parameters:
    ///   - file: the text's name in messages.
    ///   - text: one YAML document, a mapping; at most 256 KiB.
    ///   - overrides: settings that replace the text's, each `path=value` as in `views.branches[0].size=96`; values are
    ///     YAML too.
    public init(file: String, text: String, overrides: [String] = []) throws(ConfigurationError) {
        try self.init(ConfigurationFile(name: file, text: text), above: [], overrides: overrides)
    }

    /// A reader of a YAML file or of a preset.
    /// - Parameter file: a path, or the name of a preset, as in `simclr-32`.
    public init(contentsOf file: String, overrides: [String] = []) throws(ConfigurationError) {
        try self.init(ConfigurationFile(named: file), above: [], overrides: overrides)
    }

    /// - Parameter above: the files of which this is the base, from the first on.
    private init(
        _ file: ConfigurationFile, above: [ConfigurationFile], overrides: [String]
    ) throws(ConfigurationError) {
        self.file = file.name
        var tree = try ConfigurationParser(file: file.name).parse(file.text)
        guard case .mapping(var entries) = tree else {
            throw ConfigurationError(
                file: file.name, path: "", reason: "must be a mapping of settings, is \(tree.kind)")
        }
        if let index = entries.firstIndex(where: { $0.key == "base" }) {
            let name = entries.remove(at: index).value
            tree = .mapping(entries)
            base = [try ConfigurationReader(baseOf: above + [file], named: name)]
        } else {
            base = []
        }
        self.tree = tree
        self.overrides = try ConfigurationOverride.parse(overrides)
    }

    /// The reader of a file's base.
    /// - Parameters:
    ///   - files: the file, after those of which it is the base itself.
    ///   - name: what the file says of its base.
    private init(baseOf files: [ConfigurationFile], named name: ConfigurationTree) throws(ConfigurationError) {
        let own = files[files.count - 1]
        func failure(_ reason: String) -> ConfigurationError {
            ConfigurationError(file: own.name, path: "base", reason: reason)
        }
        guard case .scalar(let path, _) = name, !name.isNull else {
            throw failure("must be a pipeline file or the name of a preset, is \(name.kind)")
        }
        do throws(ConfigurationError) {
            let file = try own.base(path)
            if let first = files.firstIndex(where: { $0.identity == file.identity }) {
                let circle = files[first...].map(\.name) + [file.name]
                throw failure("goes in a circle: \(circle.joined(separator: ", "))")
            }
            try self.init(file, above: files, overrides: [])
        } catch {
            // An error within the base names its own setting.
            throw error.path.isEmpty ? failure("\(error)") : error
        }
    }

    /// The same file with further settings in place of its own.
    func adding(_ overrides: [String]) throws(ConfigurationError) -> ConfigurationReader {
        var other = self
        other.overrides += try ConfigurationOverride.parse(overrides)
        return other
    }

    /// The names at the top of the file, of its base and of the overrides.
    public var sections: Set<String> {
        guard case .mapping(let entries) = tree else { return [] }
        return Set(entries.map(\.key) + overrides.map(\.section)).union(base.first?.sections ?? [])
    }

    /// Reads a configuration: the file, completed by the defaults, with the overrides applied.
    /// - Parameters:
    ///   - type: the component whose settings are read.
    ///   - section: the key of the part to read, if the file has more parts than `Value` knows. The other parts are
    ///     ignored; a missing part gets its defaults. Empty for the whole file.
    public func read<Value: Component>(
        _ type: Value.Type, section: String = ""
    ) throws(ConfigurationError) -> Value {
        let written = try decode(type, from: merged(type, section), path: section)
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

    /// The part of the file, merged into that of the base.
    private func merged<Value: Component>(
        _ type: Value.Type, _ section: String
    ) throws(ConfigurationError) -> ConfigurationTree {
        let own = section.isEmpty ? tree : tree[section] ?? .null
        guard let base = base.first else { return own }
        var whole = try ConfigurationWriter.tree(base.read(type, section: section))
        if !own.isNull { whole.merge(own) }
        return whole
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
