import Files
import Foundation
import Views

extension RunFolder {
    /// What lies in a folder that a run is to be written to.
    public enum State: Equatable, Sendable {
        /// Nothing of a run.
        case empty
        /// A run that ended before its first checkpoint, as one that was refused: there is nothing to lose.
        case begun
        /// A run that can be gone on with.
        case resumable
        /// A run whose checkpoints are gone, but not what else it left.
        case withoutCheckpoints
        /// A file of somebody else's, or of a run whose other files are gone, in whose place one would be written.
        case foreign(String)
    }

    /// Looks at the folder.
    /// - Throws: `FileError` where its checkpoints cannot be listed.
    public func state() throws(FileError) -> State {
        guard try keptCheckpoints().isEmpty else { return .resumable }
        let settings = (try? StoredFile.read(configuration)).map { String(decoding: $0, as: UTF8.self) }
        guard let settings else {
            let ours = [encoder, metrics, encoderDescription, head, views]
            return ours.first { StoredFile.exists($0) }.map { .foreign($0) } ?? .empty
        }
        let read = try? ConfigurationReader(file: configuration, text: settings).read(Experiment.self)
        // Written by hand, it is worth keeping; a run writes every setting out.
        guard let read, (try? ConfigurationWriter.yaml(read)) == settings else { return .foreign(configuration) }
        // A run that is killed has logged at most one epoch more than its checkpoints can know.
        let logged = RunEvidence.epochs(of: self).count
        let isLost = StoredFile.exists(encoder) || logged > read.training.checkpointEpochs
        return isLost ? .withoutCheckpoints : .begun
    }

    /// States to resume from, the newest first.
    /// - Throws: `FileError` where their folder is there and cannot be listed.
    func keptCheckpoints() throws(FileError) -> [String] {
        guard Folder.exists(checkpoints) else { return [] }
        guard SystemPath.with(checkpoints, { access($0, R_OK | X_OK) }) == 0 else {
            throw FileError(path: checkpoints, failed: "the folder cannot be listed")
        }
        let epochs = Folder.names(in: checkpoints).compactMap(RunFolder.epoch).sorted(by: >)
        let ends = epochs.map { checkpoint(epoch: $0) }
        return ([checkpoint] + ends + [bestCheckpoint]).filter { StoredFile.exists($0) }
    }

    /// The settings of a run that goes on: its config.yaml, or where that is gone what its newest checkpoint says.
    /// - Returns: the text, the file that it is of, and whether that is a checkpoint.
    /// - Throws: `FileError`, and what opening a checkpoint throws where there is nothing better.
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

    /// The run folder that a checkpoint lies in; nil where it lies elsewhere.
    static func holding(_ checkpoint: String) -> RunFolder? {
        let parts = checkpoint.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[parts.count - 2] == "checkpoints" else { return nil }
        return RunFolder(parts.count == 2 ? "." : parts.dropLast(2).joined(separator: "/"))
    }
}
