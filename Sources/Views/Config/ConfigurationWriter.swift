/// Writes a configuration as YAML with every setting; reading it gives an equal configuration.
public enum ConfigurationWriter {
    /// The YAML text of a configuration.
    public static func yaml<Value: Component>(_ value: Value) throws(ConfigurationError) -> String {
        let tree = try tree(value)
        do {
            return try YAMLEmitter.text(of: tree)
        } catch {
            throw ConfigurationError(file: Value.name, path: "", reason: "cannot be written: \(error.problem)")
        }
    }

    static func tree<Value: Component>(_ value: Value) throws(ConfigurationError) -> ConfigurationTree {
        do {
            return try ConfigurationEncoder.tree(value)
        } catch {
            throw ConfigurationError(file: Value.name, path: "", reason: "cannot be written: \(error)")
        }
    }
}
