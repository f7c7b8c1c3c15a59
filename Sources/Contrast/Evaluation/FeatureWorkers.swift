import Foundation
import Torch
import Views

/// The work of threads that take batches in turn, run networks over them, and store the features in the batches' order.
///
/// Unchecked: the lock protects all mutable state, each batch's rows belong to one thread, and networks are only read.
final class FeatureWorkers: @unchecked Sendable {
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
    ///   - count: the most images.
    ///   - device: the device of the features.
    init(_ feed: DeviceFeed, machine: Machine, networks: [Network], count: Int, device: Device) {
        self.feed = feed
        self.machine = machine
        self.networks = networks
        self.count = count
        self.device = device
    }

    /// Works on batches until there are no more or a thread has failed; each thread calls it once.
    /// - Parameters:
    ///   - threads: the threads of an operation on this thread; nil to change nothing.
    ///   - stop: called after each batch; true stops all threads.
    func work(threads: Int?, stop: () -> Bool, progress: (Int) -> Void) {
        do {
            if let threads { try Runtime.setThreads(threads) }
            try withoutGradients {
                while let (images, start) = try next() {
                    for (index, network) in networks.enumerated() {
                        let features = try network(images)
                        try rows(of: index, from: start, like: features).copy(from: features)
                    }
                    // This has an effect only on a GPU, which has one thread.
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

    /// The features, after all threads have ended.
    /// - Throws: the first error of a thread.
    func features() throws -> Features {
        if let failure { throw failure }
        guard !labels.isEmpty else { throw LoaderError.empty("no image is readable") }
        return Features(
            rows: try rows.map { try $0.narrow(dim: 0, start: 0, length: labels.count) }, labels: labels,
            samples: samples, skipped: feed.loader.quarantine)
    }

    /// The next batch and the index of its first row; nil at the end.
    private func next() throws -> (images: Tensor, start: Int)? {
        lock.lock()
        defer { lock.unlock() }
        guard failure == nil, let batch = try feed.next() else { return nil }
        let start = labels.count
        labels += batch.labels
        samples += batch.samples
        let images = try feed.views(of: batch)[0].images
        // Another thread's next batch may overwrite the loader's memory. A move to another device or layout is already
        // a copy, except for images of a single pixel, which have only one layout.
        let isCopy = machine.device != .cpu || batch.branches[0].size.area > 1
        return (isCopy ? images : try images.clone(), start)
    }

    /// The rows of a batch in the tensor of network `index`, which holds all rows: joining parts at the end would take
    /// twice the memory.
    private func rows(of index: Int, from start: Int, like features: Tensor) throws(TorchError) -> Tensor {
        lock.lock()
        defer { lock.unlock() }
        if rows.count == index { rows.append(try .zeros([count, features.shape[1]], device: device)) }
        return try rows[index].narrow(dim: 0, start: start, length: features.shape[0])
    }
}
