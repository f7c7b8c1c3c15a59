/// The batches of a run one after another, over all its epochs.
struct BatchPlan {
    let sampler: Sampler
    let epochs: Range<Int>
    /// Batches before the first, in the first epoch: where a run resumes.
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

    /// The epoch that a batch belongs to, by its place in the run; after the last batch, the end of the epochs.
    func epoch(of place: Int) -> Int {
        sampler.batches == 0 ? epochs.upperBound : epochs.lowerBound + (first + place) / sampler.batches
    }

    /// The next batch's epoch, place in its epoch, and images.
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
