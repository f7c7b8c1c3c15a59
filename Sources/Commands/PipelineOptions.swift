import ArgumentParser
import Views

/// The pipeline file and its overrides; shared by the commands that make views.
package struct PipelineOptions: ParsableArguments, Sendable {
    @Option(
        help: ArgumentHelp(
            "The run's YAML file, or a name that diptych pipelines lists; the command's defaults without it.",
            valueName: "file"),
        transform: PathArgument.read)
    package var pipeline: String?

    @Option(
        name: .customLong("set"), parsing: .singleValue,
        help: ArgumentHelp("Overrides one setting, as in training.batch_size=128. Repeatable.", valueName: "key=value"))
    package var overrides: [String] = []

    package init() {}

    /// Reads the file, or another one if none is named; all settings have their defaults without a file.
    package func reader(otherwise file: String? = nil) throws(ConfigurationError) -> ConfigurationReader {
        try PipelineOptions.reader(of: pipeline ?? file, overrides: overrides)
    }

    /// Reads a file; the defaults if it is nil.
    package static func reader(
        of file: String?, overrides: [String] = []
    ) throws(ConfigurationError) -> ConfigurationReader {
        guard let file else { return try ConfigurationReader(file: "defaults", text: "{}", overrides: overrides) }
        return try ConfigurationReader(contentsOf: file, overrides: overrides)
    }
}
