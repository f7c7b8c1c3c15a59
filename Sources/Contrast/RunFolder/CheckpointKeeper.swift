import Files
import Foundation
import Torch

/// The states that a run folder keeps: the last one, those of the last epochs, and the best one.
struct CheckpointKeeper {
    let folder: RunFolder
    /// The number of epochs whose states are kept.
    let keep: Int

    /// Writes a state under each of its names, `last.ckpt` last: after any failure the earlier one is still there.
    /// - Parameters:
    ///   - epoch: the epoch that has just ended, from 1; nil inside one.
    ///   - isBest: whether its score is the best so far.
    func save(
        _ checkpoint: Checkpoint, model: any Module, optimizer: any Optimizer, epoch: Int? = nil, isBest: Bool = false
    ) throws {
        var names: [String] = []
        if keep > 1, isBest { names.append(folder.bestCheckpoint) }
        if keep > 1, let epoch { names.append(folder.checkpoint(epoch: epoch)) }
        names.append(folder.checkpoint)
        try checkpoint.write(model: model, optimizer: optimizer, to: names[0])
        for name in names.dropFirst() { try AtomicFile.link(names[0], as: name) }
        guard keep > 1, let epoch else { return }
        let there = Folder.names(in: folder.checkpoints)
        let epochs = there.compactMap { name in RunFolder.epoch(of: name).map { (epoch: $0, name: name) } }
        let kept = Set(epochs.map(\.epoch).filter { $0 <= epoch }.sorted().suffix(keep))
        // Later epochs belong to a run that then continued from an earlier state.
        for old in epochs where !kept.contains(old.epoch) { StoredFile.remove("\(folder.checkpoints)/\(old.name)") }
    }

    /// Loads the last state, or the newest that can be read, with a notice.
    /// - Throws: `TrainingError` if nothing can be read or something differs; `FileError` if a state cannot be opened
    ///   but may be valid. Nothing is written.
    func restore(
        _ resumption: Resumption, into model: any Module, _ optimizer: any Optimizer, notice: (String) -> Void
    ) throws -> Checkpoint.Position {
        var first: (any Error)?
        for path in try folder.keptCheckpoints() {
            let start: Resumption.Start
            do {
                let file = try CheckpointFile(path)
                start = try resumption.start(from: file)
                try file.load(into: model, optimizer)
            } catch let error as TrainingError where error.kind != .failed {
                throw error
            } catch let error as FileError {
                // Continuing from an older state would lose the newer one.
                throw error
            } catch {
                first = first ?? error
                continue
            }
            let why = first.map { "\($0); " } ?? (path == folder.checkpoint ? "" : "\(folder.checkpoint): is missing; ")
            let description = start.position.description(of: resumption.run.experiment.training.epochs)
            notice("\(why)continuing from \(path), \(start.position.step) steps after the start (\(description))")
            start.notes.forEach(notice)
            return start.position
        }
        guard let first else { throw TrainingError(.failed, "\(folder.path): has no checkpoint") }
        let rest =
            StoredFile.exists(folder.encoder)
            ? "; \(folder.encoder), of an earlier stop, can still be used" : ""
        throw TrainingError(
            .failed,
            "\(first); no other in \(folder.checkpoints) can be read, so the run cannot be resumed: start a new run in "
                + "another --output (training.keep: 3 keeps more checkpoints)\(rest)")
    }
}
