import Files
import Foundation
import Torch
import Views

/// The processes that train together. For a process alone each operation returns at once.
final class Ranks {
    private let group: ProcessGroup?
    /// The bytes and seconds of collectives before the first step.
    private var before = (bytes: 0, seconds: 0.0)

    /// - Parameter group: the processes; nil for this one alone.
    init(_ group: ProcessGroup?) { self.group = group }

    /// The number of processes.
    var size: Int { group?.ranks ?? 1 }

    /// This process's index and the number of processes.
    var place: Sampler.Rank { Sampler.Rank(group?.rank ?? 0, of: size) }

    /// Whether gradients pass through a process group, also that of a single process.
    var isDistributed: Bool { group != nil }

    // MARK: Before the first step

    /// The number of images of a batch that this rank takes.
    func share(of batch: Int) throws(TrainingError) -> Int {
        guard batch % size == 0 else {
            throw TrainingError(
                .unusable,
                "training.batch_size: is the batch of all processes together and must be divisible by their number, "
                    + "\(size); is \(batch)")
        }
        return batch / size
    }

    /// Throws unless all ranks have the same configuration and the same images.
    func compare(_ run: RunIdentity) throws {
        guard let group else { return }
        let configurations = try group.allGather(run.configuration)
        for (rank, other) in configurations.enumerated() where other != configurations[0] {
            let lines = other.split(separator: "\n", omittingEmptySubsequences: false)
            let first = configurations[0].split(separator: "\n", omittingEmptySubsequences: false)
            let place = zip(lines, first).first { $0 != $1 }
            let words = place.map { ": '\($0.trimmed)' there, '\($1.trimmed)' on rank 0" } ?? ""
            throw TrainingError(.unusable, "rank \(rank) has another configuration than rank 0\(words)")
        }
        let images = run.data.train
        let listings = try group.allGather("\(images.count) images with names and labels of hash \(images.digest)")
        for (rank, other) in listings.enumerated() where other != listings[0] {
            throw TrainingError(
                .data, "rank \(rank) has other images than rank 0: \(other) there, \(listings[0]) on rank 0")
        }
    }

    /// Gives all ranks rank 0's state, and returns its position. From then on their gradients and batch norm are those
    /// of the whole batch.
    func broadcast(
        _ model: any ContrastiveModel, _ optimizer: any Optimizer, _ position: Checkpoint.Position
    ) throws -> Checkpoint.Position {
        guard let group else { return position }
        for state in [model.stateDict, optimizer.state] {
            try group.broadcast(state.sorted { $0.key < $1.key }.map(\.value))
        }
        model.synchroniseBatchNorm(over: group)
        try group.registerGradientHooks(model.namedParameters.map(\.parameter))
        let positions = try gather(position)
        before = group.traffic
        return positions[0]
    }

    // MARK: A step

    /// What comes next in an epoch.
    enum Turn {
        case batch(RankedBatch)
        case endOfEpoch
        case stop
    }

    /// The next batch of which every rank has usable images: all ranks skip a batch that one of them had to skip.
    /// - Parameter stopping: whether this rank wants to stop; all ranks do so together.
    func next(_ feed: DeviceFeed, stopping: Bool = false) throws -> Turn {
        guard let group else {
            guard !stopping else { return .stop }
            return try feed.next().map { .batch(RankedBatch(own: $0, counts: [$0.count])) } ?? .endOfEpoch
        }
        var batch = try feed.next()
        while true {
            let answers = try group.allGather([batch?.index ?? .max, batch?.count ?? 0, stopping ? 1 : 0])
            guard answers.allSatisfy({ $0[2] == 0 }) else { return .stop }
            let furthest = answers.map { $0[0] }.max() ?? .max
            if answers.allSatisfy({ $0[0] == furthest }) {
                return batch.map { .batch(RankedBatch(own: $0, counts: answers.map { $0[1] })) } ?? .endOfEpoch
            }
            // A rank at the end of its epoch is the furthest.
            if let index = batch?.index, index < furthest { batch = try feed.next() }
        }
    }

    /// The positions in the source of the whole batch, in the order of the gathered embeddings.
    func samples(of batch: RankedBatch) throws(TorchError) -> [Int] {
        guard let group else { return batch.own.samples }
        let own = try Tensor(batch.own.samples.map(Int64.init), shape: [batch.own.count])
        return try group.gather(own, counts: batch.counts).toArray(Int64.self).map { Int($0) }
    }

    /// How a batch is spread over the processes; nil for a process alone.
    func spread(_ batch: RankedBatch) -> BatchRanks? {
        group.map { BatchRanks(group: $0, counts: batch.counts) }
    }

    /// The gradients of a loss that every rank computes of the whole batch, summed over the ranks.
    func backward(_ loss: Tensor) throws(TorchError) {
        guard let group else { return try loss.backward() }
        try (loss / Double(size)).backward()
        try group.finishGradients()
    }

    /// Waits for collectives on a GPU; fails if a rank was lost.
    func synchronize() throws(TorchError) { try group?.synchronize() }

    // MARK: Between steps

    /// The images that any rank has skipped so far.
    func union(_ records: [QuarantineRecord]) throws -> [QuarantineRecord] {
        group == nil ? records : try gather(records).flatMap { $0 }
    }

    /// Waits until rank 0 has finished its work alone, such as a measurement or a file.
    func barrier() throws { try group?.waitForRankZero() }

    /// Waits as `barrier()` does, and returns whether any rank is `stopping`.
    func barrier(stopping: Bool) throws -> Bool {
        guard let group else { return stopping }
        try barrier()
        return try group.allGather([stopping ? 1 : 0]).contains { $0 != [0] }
    }

    /// Waits until the run is complete and no rank needs another.
    func finish() throws {
        guard let group else { return }
        try barrier()
        _ = try group.allGather([0])
        // Its last messages may still be under way.
        if group.rank == 0 { Thread.sleep(forTimeInterval: 0.1) }
    }

    /// The cost of collectives in one line for the user; nil for a process alone.
    func summary(steps: Int) -> String? {
        guard let group else { return nil }
        let now = group.traffic
        let steps = Double(max(steps, 1))
        let megabytes = Double(now.bytes - before.bytes) / steps / 1e6
        // NCCL's time is the GPU's, which is not measured.
        guard group.backend == .gloo else {
            return String(format: "%d processes: %.3f MB a step in collectives, by NCCL", size, megabytes)
        }
        return String(
            format: "%d processes: %.3f MB and %.1f ms a step in collectives", size, megabytes,
            (now.seconds - before.seconds) * 1000 / steps)
    }

    /// The values of all ranks, by rank.
    private func gather<Value: Codable>(_ value: Value) throws -> [Value] {
        guard let group else { return [value] }
        let texts = try group.allGather(String(decoding: JSON.line(value), as: UTF8.self))
        return try texts.map { try JSON.value(from: $0.utf8) }
    }
}

/// A batch that several ranks have parts of.
struct RankedBatch {
    /// This rank's part.
    let own: ViewBatch
    /// The number of images of each rank.
    let counts: [Int]

    /// The number of images of all ranks.
    var count: Int { counts.reduce(0, +) }
}

extension Substring {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
