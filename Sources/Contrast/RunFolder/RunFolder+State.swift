import Files
import Foundation
import Views

extension RunFolder {
    /// The state of a folder to which a run is to be written.
    public enum State: Equatable, Sendable {
        /// It holds nothing of a run.
        case empty
        /// It holds a run that ended before its first checkpoint, so there is nothing to lose.
        case begun
        /// It holds a run that can continue.
        case resumable
        /// It holds a run's results without its checkpoints.
        case withoutCheckpoints
        /// It holds a file, perhaps not of a run, that a new run would overwrite.
        case foreign(String)
    }

    /// Examines the folder.
    /// - Throws: `FileError` if its checkpoints cannot be listed.
    public func state() throws(FileError) -> State {
        guard try keptCheckpoints().isEmpty else { return .resumable }
        let settings = (try? StoredFile.read(configuration)).map { String(decoding: $0, as: UTF8.self) }
        guard let settings else {
            let ours = [encoder, metrics, encoderDescription, head, views]
            return ours.first { StoredFile.exists($0) }.map { .foreign($0) } ?? .empty
        }
        let read = try? ConfigurationReader(file: configuration, text: settings).read(Experiment.self)
        // A run writes every setting. A file that was written by hand must be kept.
        guard let read, (try? ConfigurationWriter.yaml(read)) == settings else { return .foreign(configuration) }
        // A killed run has logged at most one epoch more than its checkpoints.
        let logged = RunEvidence.epochs(of: self).count
        let isLost = StoredFile.exists(encoder) || logged > read.training.checkpointEpochs
        return isLost ? .withoutCheckpoints : .begun
    }

    /// The checkpoints, newest first.
    /// - Throws: `FileError` if their folder exists and cannot be listed.
    func keptCheckpoints() throws(FileError) -> [String] {
        guard Folder.exists(checkpoints) else { return [] }
        guard SystemPath.with(checkpoints, { access($0, R_OK | X_OK) }) == 0 else {
            throw FileError(path: checkpoints, failed: "the folder cannot be listed")
        }
        let epochs = Folder.names(in: checkpoints).compactMap(RunFolder.epoch).sorted(by: >)
        let ends = epochs.map { checkpoint(epoch: $0) }
        return ([checkpoint] + ends + [bestCheckpoint]).filter { StoredFile.exists($0) }
    }

    /// The configuration of a run to resume: its config.yaml, or that in the newest checkpoint if the file is missing.
    /// - Returns: the text, its file, and whether the file is a checkpoint.
    /// - Throws: `FileError`, or the error of the newest checkpoint if none can be opened.
    public func ownConfiguration() throws -> (text: String, file: String, isOfCheckpoint: Bool) {
        let text = (try? StoredFile.read(configuration)).map { String(decoding: $0, as: UTF8.self) }
        if let text, !text.allSatisfy(\.isWhitespace) { return (text, configuration, false) }
        var first: (any Error)?
        for path in try keptCheckpoints() {
            do { return (try CheckpointFile(path).checkpoint.configuration, path, true) } catch {
                first = first ?? error
            }
        }
        throw first
            ?? FileError(path: configuration, reason: "is missing or empty, and there is no checkpoint that has it")
    }

    /// The run folder of a checkpoint; nil if it is not in one.
    static func holding(_ checkpoint: String) -> RunFolder? {
        let parts = checkpoint.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[parts.count - 2] == "checkpoints" else { return nil }
        return RunFolder(parts.count == 2 ? "." : parts.dropLast(2).joined(separator: "/"))
    }
}
