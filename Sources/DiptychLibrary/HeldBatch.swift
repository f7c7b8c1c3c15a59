import CDiptych
import Views

/// A batch that a caller holds, with the arrays that describe it.
final class HeldBatch {
    private let batch: ViewBatch
    private let loader: LoaderHandle
    private let numbers: UnsafeMutablePointer<Int64>
    private let branches: UnsafeMutablePointer<diptych_views>

    private init(_ batch: ViewBatch, of loader: LoaderHandle) {
        self.batch = batch
        self.loader = loader
        numbers = .allocate(capacity: max(1, 2 * batch.count))
        for (index, sample) in batch.samples.enumerated() { numbers[index] = Int64(sample) }
        for (index, label) in batch.labels.enumerated() { numbers[batch.count + index] = Int64(label) }
        branches = .allocate(capacity: max(1, batch.branches.count))
        for (index, branch) in batch.branches.enumerated() {
            let start: UnsafeMutableRawPointer? =
                switch batch.pixels {
                case .float32: UnsafeMutableRawPointer(batch.views(branch: index).baseAddress)
                case .uint8: UnsafeMutableRawPointer(batch.bytes(branch: index).baseAddress)
                }
            branches[index] = diptych_views(
                data: start, views: Int64(branch.count), count: Int64(batch.count), height: Int64(branch.size.height),
                width: Int64(branch.size.width))
        }
    }

    deinit {
        numbers.deallocate()
        branches.deallocate()
    }

    /// The description of a batch; it keeps the batch and its loader alive until it is released.
    static func handOut(_ batch: ViewBatch, of loader: LoaderHandle) -> diptych_batch {
        let held = HeldBatch(batch, of: loader)
        return diptych_batch(
            epoch: Int64(batch.epoch), index: Int64(batch.index), count: Int64(batch.count), samples: held.numbers,
            labels: held.numbers + batch.count, branches: held.branches, branch_count: Int64(batch.branches.count),
            owner: Unmanaged.passRetained(held).toOpaque())
    }

    /// Releases a batch to its loader.
    static func takeBack(_ owner: UnsafeMutableRawPointer) {
        let held = Unmanaged<HeldBatch>.fromOpaque(owner)
        // In a fork, a thread that does not exist may hold the ring's lock for ever.
        if held.takeUnretainedValue().loader.isForked { return }
        let own = held.takeRetainedValue()
        own.loader.loader.release(own.batch)
    }
}
