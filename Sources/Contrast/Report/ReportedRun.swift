import Files
import Foundation
import Views

/// What a run folder says of its run, for a report.
public struct ReportedRun: Sendable {
    /// The folder.
    public let folder: RunFolder
    /// What the run is called.
    public let name: String
    /// Its resolved configuration.
    public let experiment: Experiment
    /// The same as YAML.
    public let configuration: String
    /// Its epochs in their order.
    public let epochs: [EpochRecord]
    /// The scores, where `diptych probe` has left any.
    public let probe: ProbeReport?
    /// Images that could not be used.
    public let quarantine: [QuarantineRecord]

    /// Reads a folder.
    /// - Throws: `TrainingError` where it is no run folder; `ConfigurationError`.
    public init(_ path: String) throws {
        folder = Folder.exists(path) ? RunFolder(path) : RunFolder.holding(path) ?? RunFolder(path)
        guard folder.exists else {
            throw TrainingError(.unusable, "\(path): is no run folder; it has no config.yaml")
        }
        name = SystemPath.printable(SystemPath.name(of: folder.path))
        configuration = String(
            decoding: (try? StoredFile.read(folder.configuration)) ?? Data(), as: UTF8.self)
        experiment = try ConfigurationReader(file: folder.configuration, text: configuration).read(Experiment.self)
        epochs = RunEvidence.epochs(of: folder)
        probe = (try? StoredFile.read(folder.probe)).flatMap { try? JSON.value(ProbeReport.self, from: $0) }
        quarantine = JSONLines(folder.quarantine).records()
    }

    /// The picture of view pairs that the run made of its images.
    var views: [UInt8]? { (try? StoredFile.read(folder.views)).map { [UInt8]($0) } }
}
