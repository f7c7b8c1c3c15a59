import Files

/// How far the order of an epoch, as one or several ranks draw it, is from a uniformly random one; no image is read.
public struct ShuffleQuality: Codable, Equatable, Sendable {
    /// What tells orders apart.
    public struct Figures: Codable, Equatable, Sendable {
        /// Mean distance of an image's place in the epoch from its place in the source, as a share of the epoch; 1/3 by chance.
        public var displacement: Double
        /// Share of images whose predecessor is of the same run (a source's `runs`, as shards).
        public var neighbours: Double
        /// Runs that the images of a batch, that of all ranks, are of.
        public var runsInBatch: Double
        /// Share of the pairs of images in a batch that are in one batch in the next epoch too.
        public var metAgain: Double
    }

    /// Images of the source.
    public var images: Int
    /// Its runs; 1 where it has none.
    public var runs: Int
    /// Batches of each rank.
    public var steps: [Int]
    /// Images in a rank's batch.
    public var batch: Int
    /// Images that more than one rank sees in an epoch.
    public var sharedImages: Int
    /// Runs that more than one rank reads in an epoch; where each has a stretch, one at most between two ranks.
    public var sharedRuns: Int
    /// Seconds that a rank takes to draw an epoch's order.
    public var seconds: Double
    /// What was found.
    public var found: Figures
    /// What a uniformly random order has in the mean.
    public var random: Figures

    /// Compares the order of an epoch and of the one after it.
    /// - Parameters:
    ///   - source: the images.
    ///   - shuffle: how training draws their order.
    ///   - ranks: how many share the epoch.
    ///   - batch: images in a rank's batch; a last one that is not full is left out.
    ///   - seed: of the order.
    /// - Precondition: the source has an image at least for each rank.
    public init(of source: any Source, shuffle: Sampler.Shuffle, ranks: Int, batch: Int, seed: UInt64) {
        let samplers = (0..<ranks).map {
            Sampler(
                count: source.count, batch: batch, seed: seed, dropLast: true, shuffle: shuffle,
                rank: Sampler.Rank($0, of: ranks))
        }
        let begun = ContinuousClock.now
        let orders = samplers.map { $0.order(epoch: 0) }
        let elapsed = (ContinuousClock.now - begun).components
        seconds = (Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18) / Double(ranks)
        images = source.count
        steps = samplers.map(\.batches)
        self.batch = batch
        // A source without runs is one.
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
        var places = 0
        for order in orders {
            // Ranks go on side by side: a place is a share of the epoch.
            for (place, image) in order.enumerated() {
                sum += abs((Double(place) + 0.5) / Double(order.count) - (Double(image) + 0.5) / Double(count))
                places += 1
            }
        }
        return places > 0 ? sum / Double(places) : 0
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

    /// What a uniformly random order has in the mean.
    private static func expected(_ runs: [Int], of count: Int, batch: Int) -> Figures {
        let all = Double(count)
        let pairs = max(all * (all - 1), 1)
        return Figures(
            displacement: 1.0 / 3,
            neighbours: runs.reduce(0.0) { $0 + Double($1) * Double($1 - 1) } / pairs,
            // Without a run's images the batch is drawn from the others.
            runsInBatch: runs.reduce(0.0) { sum, run in
                var missed = 1.0
                for drawn in 0..<min(batch, count) {
                    missed *= max(0, 1 - Double(run) / (all - Double(drawn)))
                }
                return sum + 1 - missed
            },
            // What the other epoch's incomplete last batch had is met by nobody.
            metAgain: Double(batch - 1) / max(all - 1, 1) * Double(count / batch * batch) / all)
    }
}

extension ShuffleQuality: CustomStringConvertible {
    /// A table for people.
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
            \(row("mean distance from the place in the source, of the epoch", \.displacement, 4))
            \(row("images whose predecessor is of the same run", \.neighbours, 4))
            \(row("runs in a batch of all ranks", \.runsInBatch, 1))
            \(row("pairs of a batch that meet again in the next epoch", \.metAgain, 6))
            """
    }
}
