/// The batches of all epochs of a run, in order.
struct BatchPlan {
    let sampler: Sampler
    let epochs: Range<Int>
    /// Batches of the first epoch to skip, when a run resumes.
    let first: Int

    private var given = 0
    private var order: [Int] = []
    private var orderEpoch: Int?

    init(sampler: Sampler, epochs: Range<Int>, first: Int) {
        self.sampler = sampler
        self.epochs = epochs
        self.first = min(max(first, 0), sampler.batches)
    }

    /// Batches in all.
    var total: Int { max(0, epochs.count * sampler.batches - first) }

    /// The epoch of a batch, by its index in the run; the end of the epochs after the last batch.
    func epoch(of position: Int) -> Int {
        sampler.batches == 0 ? epochs.upperBound : epochs.lowerBound + (first + position) / sampler.batches
    }

    /// The next batch's epoch, index in its epoch, and images.
    mutating func next() -> (epoch: Int, index: Int, samples: [Int])? {
        guard given < total else { return nil }
        let epoch = epoch(of: given)
        let index = (first + given) % sampler.batches
        if orderEpoch != epoch {
            order = sampler.order(epoch: epoch)
            orderEpoch = epoch
        }
        given += 1
        let start = index * sampler.batch
        return (epoch, index, Array(order[start..<min(start + sampler.batch, order.count)]))
    }
}
