import Files
import Foundation
import Views

/// A run in a table of runs.
public struct RunSummary: Codable, Equatable, Sendable {
    /// How far a run is.
    public enum State: String, Codable, Sendable {
        /// All epochs are done.
        case finished
        /// A process trains it.
        case running
        /// It can be resumed.
        case stopped
        /// It came to no checkpoint.
        case begun
    }

    /// Its folder, relative to where it was looked for.
    public var name: String
    /// Its folder.
    public var path: String
    /// The method's name.
    public var method: String
    /// The encoder's name.
    public var encoder: String
    /// The epochs that are done.
    public var epochs: Int
    /// The epochs that it is to have.
    public var ofEpochs: Int
    /// How far it is.
    public var state: State
    /// The last kNN score on held-out images, top-1 in 0...1; nil without one.
    public var knn: Double?
    /// The linear probe's top-1 in 0...1; nil before it was probed.
    public var probe: Double?
    /// Mean loss of the last epoch, in nats.
    public var loss: Double?
    /// Seconds of its epochs, without evaluation.
    public var seconds: Double
}

extension RunSummary {
    /// Reads a run.
    /// - Throws: `ConfigurationError` if its config.yaml cannot be read; `TrainingError`.
    init(_ folder: RunFolder, name: String) throws {
        let run = try ReportedRun(folder.path)
        self.name = name
        path = folder.path
        method = run.experiment.method.name
        encoder = run.experiment.encoder.name
        epochs = run.epochs.last?.epoch ?? 0
        ofEpochs = run.experiment.training.epochs
        state = folder.progress(of: run.experiment)
        knn = run.epochs.last { $0.valKnnTop1 != nil }?.valKnnTop1
        probe = run.probe?.linearProbe.top1
        loss = run.epochs.last?.trainLoss
        seconds = run.epochs.reduce(0) { $0 + $1.seconds }
    }
}

extension RunFolder {
    /// How far a run of these settings is.
    public func progress(of experiment: Experiment) -> RunSummary.State {
        struct Description: Decodable { var epochs: Int }
        if FileLock.isHeld(lock) { return .running }
        // The encoder is written last, also where a run is stopped.
        let description = (try? StoredFile.read(encoderDescription)).flatMap {
            try? JSON.value(Description.self, from: $0)
        }
        if StoredFile.exists(encoder), let description,
            description.epochs >= experiment.training.epochs
                || hasLostPatience(after: description.epochs, experiment.training.patience)
        {
            return .finished
        }
        return (try? keptCheckpoints())?.isEmpty == false ? .stopped : .begun
    }

    /// Whether `training.patience` ended the run after some epochs.
    private func hasLostPatience(after epochs: Int, _ patience: Int?) -> Bool {
        guard let patience, let newest = (try? keptCheckpoints())?.first,
            let position = try? CheckpointFile(newest).checkpoint.position
        else { return false }
        return position.epoch == epochs && position.batch == 0 && (position.sinceBest ?? 0) >= patience
    }
}
