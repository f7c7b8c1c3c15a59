import Files
import Foundation
import Torch

/// The states that a run folder keeps: the last one, those of the last passes, and the best one.
struct CheckpointKeeper {
    let folder: RunFolder
    /// Passes whose states are kept.
    let keep: Int

    /// Writes a state under the names that it is due; `last.ckpt` gets it at the very end, so that whatever goes wrong before leaves
    /// the one that was there.
    /// - Parameters:
    ///   - epoch: the pass that has just ended, from 1; nil inside of one.
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
        let passes = there.compactMap { name in RunFolder.epoch(of: name).map { (epoch: $0, name: name) } }
        let kept = Set(passes.map(\.epoch).filter { $0 <= epoch }.sorted().suffix(keep))
        // Passes after this one are of a run that went on from an earlier state.
        for pass in passes where !kept.contains(pass.epoch) { StoredFile.remove("\(folder.checkpoints)/\(pass.name)") }
    }

    /// Takes up the last state, or the newest that can be read, saying so.
    /// - Throws: `TrainingError` where nothing can be read or something differs; `FileError` where a state may be whole but cannot be
    ///   opened. Nothing has been written.
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
                // Whatever is newer would be lost by going on from an older one.
                throw error
            } catch {
                first = first ?? error
                continue
            }
            let why = first.map { "\($0); " } ?? (path == folder.checkpoint ? "" : "\(folder.checkpoint): is missing; ")
            let words = start.position.words(of: resumption.experiment.training.epochs)
            notice("\(why)going on from \(path), \(start.position.step) steps from the beginning (\(words))")
            start.notes.forEach(notice)
            return start.position
        }
        guard let first else { throw TrainingError(.failed, "\(folder.path): has no checkpoint") }
        let rest =
            StoredFile.exists(folder.encoder)
            ? "; \(folder.encoder), of an earlier stop, can still be used" : ""
        throw TrainingError(
            .failed,
            "\(first); no other in \(folder.checkpoints) can be read, so there is nothing to go on from: begin another run in "
                + "another --output (training.keep: 3 keeps more checkpoints)\(rest)")
    }
}
