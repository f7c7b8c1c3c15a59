import Foundation
import Torch
import Views

/// The other ranks of a trainer's job, and what they agree on.
struct Ranks {
    let group: ProcessGroup
    /// The bytes and seconds of collectives before the first step.
    private var before = (bytes: 0, seconds: 0.0)

    /// Nil if there is one process only.
    init?(_ group: ProcessGroup?) {
        guard let group else { return nil }
        self.group = group
    }

    /// The number of images of a batch that this rank takes.
    func share(of batch: Int, key: String = "training.batch_size") throws(TrainingError) -> Int {
        guard batch % group.ranks == 0 else {
            throw TrainingError(
                .unusable,
                "\(key): is the batch of all processes together and must be divisible by their number, "
                    + "\(group.ranks); is \(batch)")
        }
        return batch / group.ranks
    }

    /// Throws unless all ranks have the same configuration and the same images.
    func compare(configuration: String, images: RunData.Side) throws {
        let configurations = try group.allGather(configuration)
        for (rank, other) in configurations.enumerated() where other != configurations[0] {
            let lines = other.split(separator: "\n", omittingEmptySubsequences: false)
            let first = configurations[0].split(separator: "\n", omittingEmptySubsequences: false)
            let place = zip(lines, first).first { $0 != $1 }
            let words = place.map { ": '\($0.trimmed)' there, '\($1.trimmed)' on rank 0" } ?? ""
            throw TrainingError(.unusable, "rank \(rank) has another configuration than rank 0\(words)")
        }
        let listings = try group.allGather("\(images.count) images with names and labels of hash \(images.digest)")
        for (rank, other) in listings.enumerated() where other != listings[0] {
            throw TrainingError(
                .data, "rank \(rank) has other images than rank 0: \(other) there, \(listings[0]) on rank 0")
        }
    }

    /// Gives all ranks rank 0's state. From then on their gradients and batch norm are those of the whole batch.
    mutating func begin(_ model: any ContrastiveModel, _ optimizer: any Optimizer, position: Checkpoint.Position) throws
        -> Checkpoint.Position
    {
        for state in [model.stateDict, optimizer.state] {
            try group.broadcast(state.sorted { $0.key < $1.key }.map(\.value))
        }
        model.synchroniseBatchNorm(over: group)
        try group.registerGradientHooks(model.namedParameters.map(\.parameter))
        let text = try group.allGather(String(decoding: try JSONEncoder().encode(position), as: UTF8.self))[0]
        before = group.traffic
        return try JSONDecoder().decode(Checkpoint.Position.self, from: Data(text.utf8))
    }

    /// The cost of collectives, in one line for the user.
    func summary(steps: Int) -> String {
        let now = group.traffic
        let steps = Double(max(steps, 1))
        let megabytes = Double(now.bytes - before.bytes) / steps / 1e6
        // NCCL's time is the GPU's, which is not measured.
        guard group.backend == .gloo else {
            return String(format: "%d processes: %.3f MB a step in collectives, by NCCL", group.ranks, megabytes)
        }
        return String(
            format: "%d processes: %.3f MB and %.1f ms a step in collectives", group.ranks, megabytes,
            (now.seconds - before.seconds) * 1000 / steps)
    }

    /// What comes next in an epoch.
    enum Turn {
        case batch(ViewBatch, counts: [Int])
        case endOfEpoch
        case stop
    }

    /// The next batch of which every rank has usable images: all ranks skip a batch that one of them had to skip.
    func next(_ feed: DeviceFeed, stop: Bool) throws -> Turn {
        var batch = try feed.next()
        while true {
            let answers = try group.allGather([batch?.index ?? .max, batch?.count ?? 0, stop ? 1 : 0])
            guard answers.allSatisfy({ $0[2] == 0 }) else { return .stop }
            let furthest = answers.map { $0[0] }.max() ?? .max
            if answers.allSatisfy({ $0[0] == furthest }) {
                return batch.map { .batch($0, counts: answers.map { $0[1] }) } ?? .endOfEpoch
            }
            // A rank at the end of its epoch is the furthest.
            if let index = batch?.index, index < furthest { batch = try feed.next() }
        }
    }

    /// The labels of the whole batch, in the order of `gather`.
    func labels(_ own: [Int], counts: [Int]) throws(TorchError) -> [Int] {
        try group.gather(Tensor(own.map(Int64.init), shape: [own.count]), counts: counts).toArray(Int64.self)
            .map { Int($0) }
    }

    /// The images that any rank has skipped so far.
    func union(_ records: [QuarantineRecord]) throws -> [QuarantineRecord] {
        let texts = try group.allGather(String(decoding: try JSONEncoder().encode(records), as: UTF8.self))
        return try texts.flatMap { try JSONDecoder().decode([QuarantineRecord].self, from: Data($0.utf8)) }
    }

    /// Waits until rank 0 has finished its work alone, such as a measurement or a file.
    func barrier() throws { try group.waitForRankZero() }

    /// Waits as `barrier()` does, and returns whether any rank is `stopping`.
    func barrier(stopping: Bool) throws -> Bool {
        try barrier()
        return try group.allGather([stopping ? 1 : 0]).contains { $0 != [0] }
    }

    /// Waits until the run is complete and no rank needs another.
    func finish() throws {
        try barrier()
        _ = try group.allGather([0])
        // Its last messages may still be under way.
        if group.rank == 0 { Thread.sleep(forTimeInterval: 0.1) }
    }
}

extension Substring {
    fileprivate var trimmed: String { trimmingCharacters(in: .whitespaces) }
}
