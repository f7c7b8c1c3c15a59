import Foundation
import Torch
import Views

/// Threads that take batches in turn, run networks over them, and put the features where the batch's place is.
///
/// Unchecked: what changes is touched under the lock alone, each batch's rows are one thread's, and networks are only read.
final class FeatureCrew: @unchecked Sendable {
    typealias Network = (Tensor) throws -> Tensor

    private let feed: DeviceFeed
    private let machine: Machine
    private let networks: [Network]
    private let count: Int
    private let device: Device
    private let lock = NSLock()
    private var rows: [Tensor] = []
    private var labels: [Int] = []
    private var samples: [Int] = []
    private var done = 0
    private var failure: (any Error)?

    /// - Parameters:
    ///   - count: images at most.
    ///   - device: where the features are to lie.
    init(_ feed: DeviceFeed, machine: Machine, networks: [Network], count: Int, device: Device) {
        self.feed = feed
        self.machine = machine
        self.networks = networks
        self.count = count
        self.device = device
    }

    /// What one thread does until there is nothing left, or one has failed.
    /// - Parameters:
    ///   - threads: threads of an operation on this thread; as they are where nil.
    ///   - stop: asked after each batch whether all are to give up.
    func work(threads: Int?, stop: () -> Bool, progress: (Int) -> Void) {
        do {
            if let threads { try Runtime.setThreads(threads) }
            try withoutGradients {
                while let (images, start) = try next() {
                    for (index, network) in networks.enumerated() {
                        let features = try network(images)
                        try place(start, of: features, index).copy(from: features)
                    }
                    // Only a GPU has anything to fetch ahead, and one thread.
                    try feed.prefetch()
                    if stop() { throw EvaluationStopped() }
                    progress(
                        lock.withLock {
                            done += images.shape[0]
                            return done
                        })
                }
            }
        } catch {
            lock.withLock { failure = failure ?? error }
        }
    }

    /// What came of it, when all threads have ended.
    func features() throws -> Features {
        if let failure { throw failure }
        guard !labels.isEmpty else { throw LoaderError.empty("no image can be used") }
        return Features(
            rows: try rows.map { try $0.narrow(dim: 0, start: 0, length: labels.count) }, labels: labels,
            samples: samples, skipped: feed.loader.quarantine)
    }

    /// The next batch and the place of its first row; nil at the end.
    private func next() throws -> (images: Tensor, start: Int)? {
        lock.lock()
        defer { lock.unlock() }
        guard failure == nil, let batch = try feed.next() else { return nil }
        let start = labels.count
        labels += batch.labels
        samples += batch.samples
        let images = try feed.views(of: batch)[0].images
        // Another thread's next batch may take the loader's memory meanwhile. Another device or layout is a copy already, but the
        // layouts of single pixels are one.
        let isCopy = machine.device != .cpu || batch.branches[0].size.area > 1
        return (isCopy ? images : try images.clone(), start)
    }

    /// Where a batch's features go. One block holds all rows: joining parts at the end would need the memory twice.
    private func place(_ start: Int, of features: Tensor, _ index: Int) throws(TorchError) -> Tensor {
        lock.lock()
        defer { lock.unlock() }
        if rows.count == index { rows.append(try .zeros([count, features.shape[1]], device: device)) }
        return try rows[index].narrow(dim: 0, start: start, length: features.shape[0])
    }
}
