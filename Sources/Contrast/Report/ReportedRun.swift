import Files
import Foundation
import Views

/// The contents of a run folder that a report shows.
public struct ReportedRun: Sendable {
    /// The folder.
    public let folder: RunFolder
    /// The run's name.
    public let name: String
    /// The resolved configuration.
    public let experiment: Experiment
    /// The resolved configuration as YAML.
    public let configuration: String
    /// Its epochs in their order.
    public let epochs: [EpochRecord]
    /// The scores of `diptych probe`; nil before the run was probed.
    public let probe: ProbeReport?
    /// The images that were skipped.
    public let quarantine: [QuarantineRecord]
    /// Whether there is a run, and not weights alone.
    let isRun: Bool

    /// Reads a folder.
    /// - Throws: `TrainingError` if it is not a run folder; `ConfigurationError`.
    public init(_ path: String) throws {
        folder = Folder.exists(path) ? RunFolder(path) : RunFolder.holding(path) ?? RunFolder(path)
        guard folder.exists else {
            throw TrainingError(.unusable, "\(path): is not a run folder: it has no config.yaml")
        }
        name = SystemPath.printable(SystemPath.name(of: folder.path))
        configuration = String(
            decoding: (try? StoredFile.read(folder.configuration)) ?? Data(), as: UTF8.self)
        experiment = try ConfigurationReader(file: folder.configuration, text: configuration).read(Experiment.self)
        epochs = RunEvidence.epochs(of: folder)
        probe = ProbeReport.read(folder.probe)
        isRun = true
        quarantine = JSONLines(folder.quarantine).records()
    }

    /// Describes weights without a run: there are settings to make features with, but no epochs and no scores.
    /// - Throws: what `EncoderFile` throws.
    public init(weights path: String, use: WeightsUse) throws {
        folder = RunFolder(path)
        name = SystemPath.printable(SystemPath.name(of: path))
        experiment = try EncoderFile(path, use: use).experiment
        configuration = try ConfigurationWriter.yaml(experiment)
        (epochs, probe, quarantine) = ([], nil, [])
        isRun = false
    }

    /// The PNG of view pairs in the folder; nil if it has none.
    var views: [UInt8]? { (try? StoredFile.read(folder.views)).map { [UInt8]($0) } }
}
