/// The images of each batch: a pure function of seed, epoch and position, so that a run can resume anywhere.
///
/// Each of several ranks has a part of every epoch, and all ranks have the same number of batches, also with shards.
public struct Sampler: Codable, Equatable, Sendable {
    /// How an epoch's order is drawn.
    public enum Shuffle: Codable, Equatable, Sendable {
        /// A uniformly random order of all images; reads are random too.
        case global
        /// The runs (a source's `runs`, such as shards) in random order, each in its own order, through a buffer of
        /// `buffer` images from which the next one is drawn at random. Storage is read run by run.
        ///
        /// Measured on 100 runs of 1,000 images against a uniformly random order: the mean distance of an image from
        /// its position is 0.32 of the epoch (0.33); two successive images are of one run in 37% of the cases with a
        /// buffer of 1,000, 5% with 10,000 and 1.3% with 50,000 (1.0%); 256 images come from 7, 34 and 81 runs (92). So
        /// images must be shuffled before they are packed, as `ShardWriter` does, and the buffer should hold several
        /// runs.
        case runs([Range<Int>], buffer: Int)
    }

    /// One of the processes that train together.
    public struct Rank: Codable, Equatable, Sendable {
        /// Its index, from 0.
        public let index: Int
        /// The number of ranks.
        public let count: Int

        /// Rank `index` of `count`.
        /// - Precondition: `index` is in `0..<count`.
        public init(_ index: Int, of count: Int) {
            precondition(0..<count ~= index, "ranks count from 0")
            self.index = index
            self.count = count
        }
    }

    /// The number of images of all ranks.
    public let count: Int
    /// Images in a batch of this rank.
    public let batch: Int
    /// The seed of each epoch's order; nil for the source's order, as in evaluation.
    public let seed: UInt64?
    /// Whether the last batch is dropped if it is not full.
    public let dropLast: Bool
    /// How the order is drawn if there is a seed.
    public let shuffle: Shuffle
    /// The rank whose part of the epoch this is.
    public let rank: Rank

    /// A sampler of `count` images.
    /// - Precondition: `batch` is at least 1; the runs of `shuffle` follow one another and cover all images.
    public init(
        count: Int, batch: Int, seed: UInt64?, dropLast: Bool, shuffle: Shuffle = .global, rank: Rank = Rank(0, of: 1)
    ) {
        precondition(count >= 0 && batch >= 1, "a batch holds at least one image")
        if case .runs(let runs, let buffer) = shuffle {
            precondition(buffer >= 1, "a shuffle buffer holds at least one image")
            precondition(
                runs.reduce(0) { $0 == $1.lowerBound ? $1.upperBound : -1 } == count, "runs must cover all images")
        }
        self.count = count
        self.batch = batch
        self.seed = seed
        self.dropLast = dropLast
        self.shuffle = shuffle
        self.rank = rank
    }

    /// Batches of this rank in an epoch, the same for every rank.
    public var batches: Int { dropLast ? share / batch : (share + batch - 1) / batch }

    /// Images of this rank in an epoch. If the ranks do not divide the images, some are dropped with the last batch, or
    /// else some come twice, as in PyTorch's `DistributedSampler`; these images change with the epoch.
    private var share: Int { dropLast ? count / rank.count : (count + rank.count - 1) / rank.count }

    /// The images of an epoch in order, without those of a dropped batch.
    /// - Parameters:
    ///   - epoch: the epoch, from 0.
    ///   - first: the batch to start from, when a run resumes.
    public func order(epoch: Int, from first: Int = 0) -> [Int] {
        let end = min(batches * batch, share)
        let range = min(first * batch, end)..<end
        guard !range.isEmpty else { return [] }
        guard let seed else { return range.map(interleaved) }
        let key = RandomKey(seed: seed, epoch: epoch, purpose: .order)
        switch shuffle {
        case .global:
            var stream = RandomStream(key)
            let order = stream.permutation(count)
            return range.map { order[interleaved($0)] }
        case .runs(let runs, let buffer):
            return Array(section(of: runs, key: key, buffer: buffer)[range])
        }
    }

    /// The position in the whole epoch of this rank's `position`: ranks take turns.
    private func interleaved(_ position: Int) -> Int { (position * rank.count + rank.index) % count }

    /// This rank's images in the order in which they leave the buffer. They are a section of the shuffled runs, so that
    /// no two ranks read the same part of a run.
    private func section(of runs: [Range<Int>], key: RandomKey, buffer: Int) -> [Int] {
        var stream = RandomStream(key)
        let turned = stream.permutation(runs.count).map { runs[$0] }
        var images: [Int] = []
        images.reserveCapacity(share)
        var skip = rank.index * share
        while images.count < share {
            for run in turned {
                let part = run.dropFirst(skip).prefix(share - images.count)
                skip -= min(skip, run.count)
                images += part
            }
        }
        // Each rank has its own stream.
        var draws = RandomStream(
            RandomKey(seed: key.seed, epoch: key.epoch, sample: rank.index + 1, purpose: .order))
        // The buffer is the part that starts at `position`: an image drawn from it is swapped with its first image, so
        // no other memory is needed.
        for position in images.indices {
            images.swapAt(position, position + draws.integer(below: min(buffer, images.count - position)))
        }
        return images
    }
}

extension Sampler.Shuffle {
    /// How training shuffles a source: uniformly if it has no runs, else through a buffer of ten runs of mean length,
    /// but at least 10,000 images.
    ///
    /// Measured on 100 shards of 10,000 images: see `Benchmarks/shards`. With a buffer of one run, the 256 images of a
    /// batch come from 7 runs.
    public static func training(_ source: any Source) -> Sampler.Shuffle {
        let runs = source.runs
        guard !runs.isEmpty else { return .global }
        return .runs(runs, buffer: max(10_000, 10 * (source.count / runs.count)))
    }
}

extension Sampler {
    /// Decodes a sampler; without shuffle and rank, it is global and the only one.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        count = try values.decode(Int.self, forKey: .count)
        batch = try values.decode(Int.self, forKey: .batch)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
        dropLast = try values.decode(Bool.self, forKey: .dropLast)
        shuffle = try values.decodeIfPresent(Shuffle.self, forKey: .shuffle) ?? .global
        rank = try values.decodeIfPresent(Rank.self, forKey: .rank) ?? Rank(0, of: 1)
    }
}
