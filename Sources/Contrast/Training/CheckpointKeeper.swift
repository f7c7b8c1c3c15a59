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

    /// Reads the last state, or the newest that can be read, saying so.
    /// - Throws: `TrainingError` where the state is of another configuration or version; what was wrong with the last one where
    ///   none can be read.
    func restore(
        configuration: String, bounds: Checkpoint.Bounds, into model: any Module, _ optimizer: any Optimizer,
        notice: (String) -> Void
    ) throws -> Checkpoint {
        var first: (any Error)?
        for path in folder.keptCheckpoints {
            do {
                let read = try Checkpoint.read(
                    path, configuration: configuration, bounds: bounds, into: model, optimizer)
                if let first {
                    notice("\(first); going on from \(path), \(read.position.step) steps from the beginning")
                }
                return read
            } catch let error as TrainingError where error.kind == .unusable {
                throw error
            } catch {
                first = first ?? error
            }
        }
        guard let first else { throw TrainingError(.failed, "\(folder.path): has no checkpoint") }
        throw TrainingError(
            .failed,
            "\(first); there is no other to go on from: delete the folder and begin anew (training.keep: 3 keeps more)")
    }
}
