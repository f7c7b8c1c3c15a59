import Foundation

/// The comparison of an encoder with others on the same images: other weights, and its own network with random weights.
public struct ProbeComparison: Codable, Equatable, Sendable {
    /// One of the other encoders.
    public struct Rival: Codable, Equatable, Sendable {
        /// Its file, or `random`.
        public var name: String
        /// Its network, as in `resnet50`.
        public var architecture: String
        /// Whether the run started from these weights.
        public var isStart: Bool
        /// The accuracy of its linear probe.
        public var linearProbe: Measured
        /// The accuracy of its kNN.
        public var knn: Measured
        /// How much better the scored encoder's probe is, with an interval of the difference on the same images.
        public var linearProbeLead: Measured
        /// How much better the scored encoder's kNN is.
        public var knnLead: Measured
        /// Its scores with few labels; nil unless requested.
        public var fewLabels: [FewLabelsScore]?

        /// Whether it has random weights.
        public var isRandom: Bool { name == ProbeComparison.random }
    }

    /// The name for random weights.
    public static let random = "random"

    /// The number of resamples of the paired bootstrap.
    static let resamples = 10_000

    /// The number of resamples behind the 95% intervals.
    public var resamples: Int
    /// The number of test images on which all encoders were scored.
    public var images: Int
    /// The scored encoder's linear probe on these.
    public var linearProbe: Measured
    /// The scored encoder's kNN on these.
    public var knn: Measured
    /// The others.
    public var rivals: [Rival]
}

/// Which images an encoder classified correctly.
struct ProbeHits {
    /// Whether the linear probe and the kNN were correct, by the image's index in the source.
    var bySample: [Int: (linear: Bool, knn: Bool)] = [:]
}

extension ProbeComparison {
    /// Compares hits on the images that all have.
    /// - Parameters:
    ///   - hits: the hits of the scored encoder.
    ///   - others: the other encoders, with their hits.
    ///   - seed: the seed of the resamples.
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
