import ArgumentParser
import Files
import Views

/// `diptych check-settings`, not listed: reads a pipeline file with all that training knows, and does nothing else.
///
/// Commands that make views know the settings under `views` alone, and ask this of `diptych-torch` for the others.
package struct CheckSettingsCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "check-settings", abstract: "Checks a pipeline file.", shouldDisplay: false)

    @OptionGroup package var settings: PipelineOptions

    package init() {}

    package func run() throws { try TorchProcess.handOver() }
}

/// A check of settings in another process, while this one works.
struct SettingsCheck {
    private let process: ChildProcess

    /// Begins; nil where there is nothing that this process does not check itself, or no program that could.
    init?(_ settings: PipelineOptions, _ reader: ConfigurationReader) {
        guard !reader.sections.isSubset(of: [ViewConfiguration.name]) else { return nil }
        let arguments =
            ["check-settings"] + (settings.pipeline.map { ["--pipeline", $0] } ?? [])
            + settings.overrides.flatMap { ["--set", $0] }
        guard let process = try? ChildProcess(TorchProcess.path(), arguments) else { return nil }
        self.process = process
    }

    /// Waits for its end.
    /// - Throws: `Failure` where a setting is wrong; a program that cannot run checks nothing.
    func finish() throws {
        let ended = process.finish()
        guard ended.status == ExitStatus.unusable.rawValue else { return }
        let line = ended.errors.split(whereSeparator: \.isNewline).last ?? "a setting is wrong"
        throw Failure(.unusable, String(line.trimmingPrefix("diptych: ")))
    }
}
