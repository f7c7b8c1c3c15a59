import Foundation

/// The encoder that was scored beside others on the same images: free weights, and its own network with random ones.
public struct ProbeComparison: Codable, Equatable, Sendable {
    /// One of the others.
    public struct Rival: Codable, Equatable, Sendable {
        /// Its file, or `random`.
        public var name: String
        /// Its network, as in `resnet50`.
        public var architecture: String
        /// Whether these are the weights that the run started from.
        public var isStart: Bool
        /// Its probes' accuracies.
        public var linearProbe: Measured
        /// Its kNN's accuracy.
        public var knn: Measured
        /// By how much the scored encoder's probe is better; the interval is of the difference on the same images.
        public var linearProbeLead: Measured
        /// By how much the scored encoder's kNN is better.
        public var knnLead: Measured
        /// Its scores with few labels; nil where they were not asked for.
        public var fewLabels: [FewLabelsScore]?

        /// Whether it has random weights.
        public var isRandom: Bool { name == ProbeComparison.random }
    }

    /// The word for random weights.
    public static let random = "random"

    /// Resamples of a paired bootstrap.
    static let resamples = 10_000

    /// The resamples from which the 95% intervals are.
    public var resamples: Int
    /// Test images that all of them could be scored on.
    public var images: Int
    /// The scored encoder's linear probe on these.
    public var linearProbe: Measured
    /// The scored encoder's kNN on these.
    public var knn: Measured
    /// The others.
    public var rivals: [Rival]
}

/// What an encoder got right, image by image.
struct ProbeHits {
    /// By the image's position in the source: whether the linear probe and the kNN were right.
    var bySample: [Int: (linear: Bool, knn: Bool)] = [:]
}

extension ProbeComparison {
    /// Compares hits on the images that all have.
    /// - Parameters:
    ///   - hits: of the scored encoder.
    ///   - others: the others' hits, with what is said of them.
    ///   - seed: of the resamples.
    init?(
        _ hits: ProbeHits,
        with others: [(hits: ProbeHits, name: String, architecture: String, isStart: Bool, few: [FewLabelsScore]?)],
        seed: UInt64
    ) throws {
        let samples = hits.bySample.keys.filter { sample in others.allSatisfy { $0.hits.bySample[sample] != nil } }
            .sorted()
        guard !others.isEmpty, !samples.isEmpty else { return nil }
        func values(_ hits: ProbeHits, _ isRight: ((linear: Bool, knn: Bool)) -> Bool) -> [Double] {
            samples.map { hits.bySample[$0].map(isRight) == true ? 1 : 0 }
        }
        let own = (linear: values(hits) { $0.linear }, knn: values(hits) { $0.knn })
        var columns = [own.linear, own.knn]
        for other in others {
            let (linear, knn) = (values(other.hits) { $0.linear }, values(other.hits) { $0.knn })
            columns += [linear, knn, zip(own.linear, linear).map { $0 - $1 }, zip(own.knn, knn).map { $0 - $1 }]
        }
        (images, resamples) = (samples.count, ProbeComparison.resamples)
        let measured = try Bootstrap.means(of: columns, replicates: resamples, seed: seed)
        (linearProbe, knn) = (measured[0], measured[1])
        rivals = others.enumerated().map { index, other in
            let first = 2 + 4 * index
            return Rival(
                name: other.name, architecture: other.architecture, isStart: other.isStart,
                linearProbe: measured[first], knn: measured[first + 1], linearProbeLead: measured[first + 2],
                knnLead: measured[first + 3], fewLabels: other.few)
        }
    }
}
