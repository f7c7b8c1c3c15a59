import Files

/// How far the order of an epoch is from a uniformly random one, for one or several ranks. No image is read.
public struct ShuffleQuality: Codable, Equatable, Sendable {
    /// The statistics of an order.
    public struct Figures: Codable, Equatable, Sendable {
        /// Mean distance of an image's position in the epoch from that in the source, as a share of the epoch; 1/3 by
        /// chance.
        public var displacement: Double
        /// Share of images whose predecessor is of the same run (a source's `runs`, such as shards).
        public var neighbours: Double
        /// The number of runs that the images of a batch of all ranks come from.
        public var runsInBatch: Double
        /// Share of the pairs of images in a batch that share a batch in the next epoch too.
        public var metAgain: Double
    }

    /// The number of images of the source.
    public var images: Int
    /// The number of its runs; 1 if it has none.
    public var runs: Int
    /// Batches of each rank.
    public var steps: [Int]
    /// The number of images in a rank's batch.
    public var batch: Int
    /// The number of images that more than one rank sees in an epoch.
    public var sharedImages: Int
    /// The number of runs that more than one rank reads in an epoch; at most one between two ranks.
    public var sharedRuns: Int
    /// Seconds in which a rank draws an epoch's order.
    public var seconds: Double
    /// The statistics of the order.
    public var found: Figures
    /// The expected statistics of a uniformly random order.
    public var random: Figures

    /// Compares the order of an epoch and of the one after it.
    /// - Parameters:
    ///   - source: the images.
    ///   - shuffle: how training draws their order.
    ///   - ranks: the number of ranks that share the epoch.
    ///   - batch: images in a rank's batch; a last one that is not full is dropped.
    ///   - seed: the seed of the order.
    /// - Precondition: the source has at least one image for each rank.
    public init(of source: any Source, shuffle: Sampler.Shuffle, ranks: Int, batch: Int, seed: UInt64) {
        let samplers = (0..<ranks).map {
            Sampler(
                count: source.count, batch: batch, seed: seed, dropLast: true, shuffle: shuffle,
                rank: Sampler.Rank($0, of: ranks))
        }
        let begun = ContinuousClock.now
        let orders = samplers.map { $0.order(epoch: 0) }
        seconds = (ContinuousClock.now - begun).seconds / Double(ranks)
        images = source.count
        steps = samplers.map(\.batches)
        self.batch = batch
        // A source without runs counts as one run.
        let runs = source.runs.isEmpty ? [0..<source.count] : source.runs
        self.runs = runs.count
        var runOf = [Int32](repeating: 0, count: source.count)
        for (number, run) in runs.enumerated() { for image in run { runOf[image] = Int32(number) } }

        var seen = [Int32](repeating: -1, count: source.count)
        var readBy = [Int32](repeating: -1, count: runs.count)
        (sharedImages, sharedRuns) = (0, 0)
        var severalRead = Set<Int32>()
        for (rank, order) in orders.enumerated() {
            for image in order {
                if seen[image] >= 0 { sharedImages += 1 }
                seen[image] = Int32(rank)
                let run = runOf[image]
                if readBy[Int(run)] >= 0, readBy[Int(run)] != Int32(rank) { severalRead.insert(run) }
                readBy[Int(run)] = Int32(rank)
            }
        }
        sharedRuns = severalRead.count

        let first = ShuffleQuality.batches(orders, batch)
        found = Figures(
            displacement: ShuffleQuality.displacement(orders, of: source.count),
            neighbours: ShuffleQuality.neighbours(orders, runOf),
            runsInBatch: first.reduce(0) { $0 + Double(Set($1.lazy.map { runOf[$0] }).count) }
                / Double(max(first.count, 1)),
            metAgain: ShuffleQuality.metAgain(
                first, ShuffleQuality.batches(samplers.map { $0.order(epoch: 1) }, batch), of: source.count))
        random = ShuffleQuality.expected(runs.map(\.count), of: source.count, batch: batch * ranks)
    }

    /// The batches of all ranks together.
    private static func batches(_ orders: [[Int]], _ batch: Int) -> [[Int]] {
        let steps = (orders.first?.count ?? 0) / batch
        return (0..<steps).map { step in orders.flatMap { $0[step * batch..<(step + 1) * batch] } }
    }

    private static func displacement(_ orders: [[Int]], of count: Int) -> Double {
        var sum = 0.0
        var counted = 0
        for order in orders {
            // Ranks run in parallel, so a position is a share of the epoch.
            for (position, image) in order.enumerated() {
                sum += abs((Double(position) + 0.5) / Double(order.count) - (Double(image) + 0.5) / Double(count))
                counted += 1
            }
        }
        return counted > 0 ? sum / Double(counted) : 0
    }

    private static func neighbours(_ orders: [[Int]], _ runOf: [Int32]) -> Double {
        var same = 0
        var pairs = 0
        for order in orders {
            for (one, next) in zip(order, order.dropFirst()) {
                if runOf[one] == runOf[next] { same += 1 }
                pairs += 1
            }
        }
        return pairs > 0 ? Double(same) / Double(pairs) : 0
    }

    private static func metAgain(_ first: [[Int]], _ second: [[Int]], of count: Int) -> Double {
        var batchOf = [Int32](repeating: -1, count: count)
        for (number, batch) in first.enumerated() { for image in batch { batchOf[image] = Int32(number) } }
        var pairs = 0.0
        var again = 0.0
        for batch in second {
            var counts: [Int32: Int] = [:]
            for image in batch where batchOf[image] >= 0 { counts[batchOf[image], default: 0] += 1 }
            again += counts.values.reduce(0.0) { $0 + Double($1) * Double($1 - 1) / 2 }
            pairs += Double(batch.count) * Double(batch.count - 1) / 2
        }
        return pairs > 0 ? again / pairs : 0
    }

    /// The mean statistics of a uniformly random order.
    private static func expected(_ runs: [Int], of count: Int, batch: Int) -> Figures {
        let all = Double(count)
        let pairs = max(all * (all - 1), 1)
        return Figures(
            displacement: 1.0 / 3,
            neighbours: runs.reduce(0.0) { $0 + Double($1) * Double($1 - 1) } / pairs,
            // The probability that a batch has no image of this run.
            runsInBatch: runs.reduce(0.0) { sum, run in
                var missed = 1.0
                for drawn in 0..<min(batch, count) {
                    missed *= max(0, 1 - Double(run) / (all - Double(drawn)))
                }
                return sum + 1 - missed
            },
            // Images of the other epoch's incomplete last batch are in no batch.
            metAgain: Double(batch - 1) / max(all - 1, 1) * Double(count / batch * batch) / all)
    }
}

extension ShuffleQuality: CustomStringConvertible {
    /// A table for display.
    public var description: String {
        func row(_ name: String, _ key: KeyPath<Figures, Double>, _ digits: Int) -> String {
            let values = [found[keyPath: key], random[keyPath: key]].map { $0.fixed(digits) }
            return name.padded(to: 58) + "\(values[0])   (at random \(values[1]))"
        }
        let ranks = steps.count
        let job = ranks > 1 ? "\(ranks) ranks" : "1 rank"
        return """
            \(images) images in \(runs) runs; \(job), \(steps.map(String.init).joined(separator: ", ")) steps of \(batch) images
            images of two ranks: \(sharedImages), runs of two ranks: \(sharedRuns); an order takes \
            \(seconds.fixed(2)) s
            \(row("mean distance from the position in the source / length", \.displacement, 4))
            \(row("images whose predecessor is of the same run", \.neighbours, 4))
            \(row("runs in a batch of all ranks", \.runsInBatch, 1))
            \(row("pairs of a batch that share a batch of the next epoch", \.metAgain, 6))
            """
    }
}
