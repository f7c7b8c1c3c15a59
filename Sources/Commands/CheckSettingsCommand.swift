import ArgumentParser
import Files
import Views

/// `diptych check-settings` checks all settings of a pipeline file. The help does not list it.
///
/// Commands that make views only know the settings under `views`, so `diptych-torch` checks the others.
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

    /// Starts the check; nil if there are no other settings than `views`, or no `diptych-torch`.
    init?(_ settings: PipelineOptions, _ reader: ConfigurationReader) {
        guard !reader.sections.isSubset(of: [ViewConfiguration.name]) else { return nil }
        let arguments =
            ["check-settings"] + (settings.pipeline.map { ["--pipeline", $0] } ?? [])
            + settings.overrides.flatMap { ["--set", $0] }
        guard let process = try? ChildProcess(TorchProcess.path(), arguments) else { return nil }
        self.process = process
    }

    /// Waits for the check to end.
    /// - Throws: `Failure` if a setting is wrong; nothing if the check could not run.
    func finish() throws {
        let ended = process.finish()
        guard ended.status == ExitStatus.unusable.rawValue else { return }
        let line = ended.errors.split(whereSeparator: \.isNewline).last ?? "a setting is wrong"
        throw Failure(.unusable, String(line.trimmingPrefix("diptych: ")))
    }
}
