/// Which images make up which batch: a pure function of seed, epoch and position, so that a run resumes anywhere.
public struct Sampler: Codable, Equatable, Sendable {
    /// Number of images.
    public let count: Int
    /// Images in a batch.
    public let batch: Int
    /// The seed of each epoch's order; nil for the source's own order, as evaluation wants.
    public let seed: UInt64?
    /// Whether the last batch is left out where it is not full.
    public let dropLast: Bool

    /// Makes a sampler.
    /// - Precondition: `batch` is at least 1.
    public init(count: Int, batch: Int, seed: UInt64?, dropLast: Bool) {
        precondition(count >= 0 && batch >= 1, "a batch holds at least one image")
        self.count = count
        self.batch = batch
        self.seed = seed
        self.dropLast = dropLast
    }

    /// Batches in an epoch.
    public var batches: Int { dropLast ? count / batch : (count + batch - 1) / batch }

    /// The images of an epoch in order, those of a batch that is left out not included.
    /// - Parameter first: the batch to start from, as when a run resumes.
    public func order(epoch: Int, from first: Int = 0) -> [Int] {
        let end = min(batches * batch, count)
        let range = min(first * batch, end)..<end
        guard !range.isEmpty else { return [] }
        guard let seed else { return Array(range) }
        var stream = RandomStream(RandomKey(seed: seed, epoch: epoch, sample: 0, view: RandomKey.order))
        return Array(stream.permutation(count)[range])
    }
}
