import Foundation
import Torch

/// All measurements, from which the checks decide.
public struct Evidence {
    /// How to measure.
    public struct Options: Sendable {
        /// The tau of the training; nil if it is unknown.
        public var temperature: Double?
        /// The number of candidates of the training's loss; nil for the number of pairs.
        public var candidates: Int?
        /// The largest number of pairs that are used; time grows with its square.
        public var limit = 4096
        /// Whether to measure the gradient's variance; no finding depends on it.
        public var measuresGradient = true
        /// What keeps embeddings apart in a method without negatives; nil with negatives.
        public var prevention: CollapsePrevention?
        /// The seed of the order, the bootstrap and the critics.
        public var seed: UInt64 = 0

        /// Nothing is known about the training.
        public init() {}
    }

    /// One point of the bound's curve.
    public struct BoundPoint: Codable, Equatable, Sendable {
        /// K, the number of candidates.
        public var candidates: Int
        /// `log K - loss` in nats.
        public var bound: Measured
    }

    /// The noise of the gradient with K negatives.
    public struct GradientPoint: Codable, Equatable, Sendable {
        /// K, the number of negatives.
        public var negatives: Int
        /// The variance of an anchor's gradient over random draws of negatives, divided by its squared length.
        public var relativeVariance: Measured
    }

    /// The number of pairs.
    public var pairs: Int
    /// The dimension of an embedding.
    public var dimension: Int
    /// The temperature that divides the scores: the training's, otherwise the best one in 0.03...1.
    public var temperature: Double
    /// Whether that is the training's.
    public var temperatureIsKnown: Bool
    /// The temperature with the smallest loss.
    public var bestTemperature: Double
    /// InfoNCE in nats at `temperature`, N candidates.
    public var loss: Measured
    /// `log N - loss` in nats at `temperature`.
    public var bound: Measured
    /// `log N - loss` in nats at the best temperature.
    public var bestBound: Measured
    /// `log N`, nats.
    public var ceiling: Double
    /// The share of negatives that are less similar than the positive.
    public var rank: Measured
    /// The share of anchors whose positive is more similar than every negative.
    public var retrieval: Measured
    /// The mean cosine of positives minus the mean cosine of negatives.
    public var margin: Measured
    /// 1 - the mean cosine of negatives.
    public var spread: Measured
    /// The mean `|z1 - z2|^2` of positives.
    public var alignment: Measured
    /// `log mean e^{-2 |zi - zj|^2}` of first views.
    public var uniformity: Measured
    /// The standard deviation of the negatives' scores, cosine over tau.
    public var scoreStd: Measured
    /// The effective number of negatives, the geometric mean over anchors.
    public var effective: Measured
    /// The share of the softmax over negatives that the hardest 1% have.
    public var hardest: Measured
    /// The number of pairs with a class; nil if none has one.
    public var labelled: Int?
    /// The rate of negatives of the anchor's class, among pairs with a class; nil with fewer than 16 of them.
    public var collisions: Measured?
    /// The anchor's class's share of the softmax over negatives with a class; nil with fewer than 16 of them.
    public var sameClass: Measured?
    /// How often samples that are similar to a third one are similar to each other, 0...1; 1 for separate classes.
    public var transitivity: Double
    /// The share of the other samples that a sample is similar to.
    public var alike: Measured
    /// The share of anchors that have a few negatives as close as positives are.
    public var twins: Measured
    /// Variances and correlations of the dimensions of first views.
    public var moments: EmbeddingMoments
    /// How second views are spread over the prototypes; nil without prototypes.
    public var prototypes: PrototypeUse?
    /// What keeps embeddings apart in a method without negatives; nil with negatives.
    public var prevention: CollapsePrevention?
    /// The spectrum of the first views.
    public var spectrum: Spectrum
    /// The bound as K grows.
    public var curve: [BoundPoint]
    /// Nats of bound gained for each nat of log K, over `slopeRange`.
    public var slope: Measured
    /// Two doublings of the candidates: up to all pairs, or from half to twice the batch of a run.
    public var slopeRange: ClosedRange<Int>
    /// The gradient's variance as K grows; empty if it was not measured.
    public var gradient: [GradientPoint] = []
    /// Nats that a trained critic gains; nil with fewer than `CriticGap.minimum` pairs.
    public var criticGap: Measured?
    /// Which critic gained them.
    public var critic: CriticGap.Kind?
    /// The gain of each critic that was trained.
    public var criticGaps: [(kind: CriticGap.Kind, gap: Measured)] = []
    /// What a run's folder and images tell; nil for embeddings alone.
    public var run: RunEvidence?

    /// Measures embeddings.
    public init(_ embeddings: PairedEmbeddings, options: Options = Options()) throws(TorchError) {
        let views = try UnitViews(embeddings, limit: options.limit, seed: options.seed)
        let bootstrap = try Bootstrap(count: views.count, seed: options.seed)
        pairs = views.count
        dimension = views.dimension
        ceiling = log(Double(views.count))
        let best = try BoundCurve.bestTemperature(views)
        let tau = options.temperature ?? min(max(best, 0.03), 1)
        bestTemperature = best
        temperature = tau
        temperatureIsKnown = options.temperature != nil
        let scores = try NegativeStatistics(views, temperature: tau)
        let top = ceiling
        loss = try bootstrap.mean(scores.loss)
        bound = try bootstrap.mean(scores.loss.map { top - $0 })
        bestBound = try bootstrap.mean(
            BoundCurve.losses(views, candidates: views.count, temperature: best).map { top - $0 })
        rank = try bootstrap.mean(scores.rank)
        retrieval = try bootstrap.mean(scores.rank.map { $0 == 1 ? 1 : 0 })
        margin = try bootstrap.mean(zip(scores.positive, scores.mean).map { $0 - $1 })
        spread = try bootstrap.mean(scores.mean.map { 1 - $0 })
        alignment = try bootstrap.mean(scores.positive.map { max(0, 2 - 2 * $0) })
        scoreStd = try bootstrap.mean(scores.std.map { $0 / tau })
        effective = try bootstrap.mean(scores.effective.map { log($0) }).map(exp)
        hardest = try bootstrap.mean(scores.hardest)
        let positives = scores.positive.sorted()
        let copies = try Twins(views, near: quantile(positives, 0.25), wide: quantile(positives, 0.02)).anchors
        twins = try Bootstrap(count: copies.count, seed: options.seed).mean(copies)
        if let labels = views.labels {
            let known = labels.indices.filter { labels[$0] >= 0 }
            labelled = known.count
            if known.count == labels.count {
                collisions = try bootstrap.mean(Evidence.collisions(labels))
                sameClass = try bootstrap.mean(scores.sameClass)
            } else if known.count >= PairedEmbeddings.minimum {
                // Samples without a class are neither anchors nor negatives here.
                let some = try Bootstrap(count: known.count, seed: options.seed)
                collisions = try some.mean(Evidence.collisions(known.map { labels[$0] }))
                sameClass = try some.mean(
                    known.map { scores.sameClass[$0] / max(scores.labelled[$0], .leastNormalMagnitude) })
            }
        }
        uniformity = try Evidence.uniformity(views, seed: options.seed)
        let clusters = try ClusterStructure(views)
        transitivity = clusters.transitivity
        alike = try Bootstrap(count: clusters.alike.count, seed: options.seed).mean(clusters.alike)
        spectrum = try Spectrum(views.first)
        moments = try EmbeddingMoments(views)
        prevention = options.prevention
        // The slope is that around the training's number of candidates, or up to all pairs.
        let most = min(views.count, max(16, 2 * (options.candidates ?? views.count)))
        let range = most / 4...most
        slopeRange = range
        (curve, slope) = try Evidence.curve(views, temperature: tau, range: range, bootstrap)
        if options.measuresGradient {
            gradient = try GradientCurve.points(views, temperature: tau, seed: options.seed)
        }
        if views.count >= CriticGap.minimum {
            let found = try CriticGap(views, temperature: best, seed: options.seed)
            let test = try Bootstrap(count: found.gap.count, seed: options.seed)
            criticGap = try test.mean(found.gap)
            critic = found.kind
            for kind in CriticGap.Kind.allCases {
                guard let gap = found.gaps[kind] else { continue }
                criticGaps.append((kind, try test.mean(gap)))
            }
        }
    }

    /// For each sample, the share of the others that have its class.
    private static func collisions(_ labels: [Int]) -> [Double] {
        var counts: [Int: Int] = [:]
        for label in labels where label >= 0 { counts[label, default: 0] += 1 }
        return labels.map { Double(max(0, counts[$0, default: 0] - 1)) / Double(labels.count - 1) }
    }

    private static func uniformity(_ views: UnitViews, seed: UInt64) throws(TorchError) -> Measured {
        let count = min(views.count, 2048)
        let rows = try views.first.narrow(dim: 0, start: 0, length: count)
        let kernel = try ((rows.matmul(rows.transpose(0, 1)) - 1) * 4).exp()
        let sums: [Double] = try ((kernel.sum(dim: 1) - 1) / Double(count - 1)).toArray()
        return try Bootstrap(count: count, seed: seed).mean(sums).map { log(max($0, .leastNormalMagnitude)) }
    }

    private static func curve(
        _ views: UnitViews, temperature: Double, range: ClosedRange<Int>, _ bootstrap: Bootstrap
    ) throws(TorchError) -> ([BoundPoint], Measured) {
        var sizes: [Int] = [views.count]
        while let last = sizes.last, last >= 32 { sizes.append(last / 2) }
        for size in [range.upperBound, range.lowerBound] where !sizes.contains(size) { sizes.append(size) }
        var curve: [BoundPoint] = []
        var losses: [Int: [Double]] = [:]
        for size in sizes.sorted() {
            let found = try BoundCurve.losses(views, candidates: size, temperature: temperature)
            losses[size] = found
            curve.append(
                BoundPoint(candidates: size, bound: try bootstrap.mean(found.map { log(Double(size)) - $0 })))
        }
        let octaves = log(Double(range.upperBound) / Double(range.lowerBound))
        let growth = zip(losses[range.upperBound] ?? [], losses[range.lowerBound] ?? []).map {
            1 - ($0 - $1) / octaves
        }
        return (curve, try bootstrap.mean(growth))
    }
}
