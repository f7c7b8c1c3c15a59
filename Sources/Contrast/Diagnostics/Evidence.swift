import Foundation
import Torch

/// Everything that was measured; what the checks judge by.
public struct Evidence {
    /// How to measure.
    public struct Options: Sendable {
        /// tau of the training; nil where it is not known.
        public var temperature: Double?
        /// Candidates of the training's loss; nil for as many as there are pairs.
        public var candidates: Int?
        /// The most pairs that are looked at; what is measured grows with its square.
        public var limit = 4096
        /// Whether the gradient's variance is measured, which no finding needs to be made.
        public var measuresGradient = true
        /// The seed of order, resamples and the critics.
        public var seed: UInt64 = 0

        /// Nothing known of the training.
        public init() {}
    }

    /// One point of the bound's curve.
    public struct BoundPoint: Codable, Equatable, Sendable {
        /// Candidates.
        public var candidates: Int
        /// `log K - loss` in nats.
        public var bound: Estimate
    }

    /// The noise of the gradient with so many negatives.
    public struct GradientPoint: Codable, Equatable, Sendable {
        /// K negatives.
        public var negatives: Int
        /// Variance of an anchor's gradient over draws of them, by its squared length.
        public var relativeVariance: Estimate
    }

    /// Pairs looked at.
    public var pairs: Int
    /// Numbers of a row.
    public var dimension: Int
    /// The temperature that scores are divided by: the training's, else the best one in 0.03...1.
    public var temperature: Double
    /// Whether that is the training's.
    public var temperatureIsKnown: Bool
    /// The temperature of least loss.
    public var bestTemperature: Double
    /// InfoNCE in nats at `temperature`, N candidates.
    public var loss: Estimate
    /// `log N - loss` in nats at `temperature`.
    public var bound: Estimate
    /// `log N - loss` in nats at the best temperature.
    public var bestBound: Estimate
    /// `log N`, nats.
    public var ceiling: Double
    /// Share of negatives less similar than the positive.
    public var rank: Estimate
    /// Share of anchors whose positive beats every negative.
    public var retrieval: Estimate
    /// Mean cosine of positives minus mean cosine of negatives.
    public var margin: Estimate
    /// 1 - mean cosine of negatives.
    public var spread: Estimate
    /// Mean `|z1 - z2|^2` of positives.
    public var alignment: Estimate
    /// log mean `e^{-2 |zi - zj|^2}` of first views.
    public var uniformity: Estimate
    /// Deviation of the negatives' scores, cosine over tau.
    public var scoreDeviation: Estimate
    /// Effective number of negatives, the geometric mean over anchors.
    public var effective: Estimate
    /// Share of the softmax over negatives on the hardest 1%.
    public var hardest: Estimate
    /// Pairs that have a class; nil where none has.
    public var labelled: Int?
    /// Rate of negatives of the anchor's class, among those that have a class; nil with fewer than 16 of them.
    public var collisions: Estimate?
    /// Share of the softmax over negatives with a class on the anchor's class; nil with fewer than 16 of them.
    public var sameClass: Estimate?
    /// How far likeness carries over from sample to sample, 0...1; 1 for separate classes.
    public var transitivity: Double
    /// Share of the others that a sample is like.
    public var alike: Estimate
    /// Share of anchors with a few negatives as near as positives are.
    public var twins: Estimate
    /// The spectrum of the first views.
    public var spectrum: Spectrum
    /// The bound at rising K.
    public var curve: [BoundPoint]
    /// Nats gained for each nat of log K, over `slopeRange`.
    public var slope: Estimate
    /// Two doublings of candidates: up to all pairs, or of a run from half to twice its batch.
    public var slopeRange: ClosedRange<Int>
    /// The gradient's variance at rising K; empty where it was not measured.
    public var gradient: [GradientPoint] = []
    /// Nats that a learnt critic gains; nil with fewer than `CriticGap.minimum` pairs.
    public var criticGap: Estimate?
    /// Which critic that is.
    public var critic: CriticGap.Kind?
    /// The same of each critic that was tried.
    public var criticGaps: [(kind: CriticGap.Kind, gap: Estimate)] = []
    /// What the run says beyond its embeddings; nil for embeddings alone.
    public var run: RunEvidence?

    /// Measures.
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
        let seen = try NegativeStatistics(views, temperature: tau)
        let top = ceiling
        loss = try bootstrap.mean(seen.loss)
        bound = try bootstrap.mean(seen.loss.map { top - $0 })
        bestBound = try bootstrap.mean(
            BoundCurve.losses(views, candidates: views.count, temperature: best).map { top - $0 })
        rank = try bootstrap.mean(seen.rank)
        retrieval = try bootstrap.mean(seen.rank.map { $0 == 1 ? 1 : 0 })
        margin = try bootstrap.mean(zip(seen.positive, seen.mean).map { $0 - $1 })
        spread = try bootstrap.mean(seen.mean.map { 1 - $0 })
        alignment = try bootstrap.mean(seen.positive.map { max(0, 2 - 2 * $0) })
        scoreDeviation = try bootstrap.mean(seen.deviation.map { $0 / tau })
        effective = try bootstrap.mean(seen.effective.map { log($0) }).map(exp)
        hardest = try bootstrap.mean(seen.hardest)
        let positives = seen.positive.sorted()
        let copies = try Twins(views, near: quantile(positives, 0.25), wide: quantile(positives, 0.02)).anchors
        twins = try Bootstrap(count: copies.count, seed: options.seed).mean(copies)
        if let labels = views.labels {
            let known = labels.indices.filter { labels[$0] >= 0 }
            labelled = known.count
            if known.count == labels.count {
                collisions = try bootstrap.mean(Evidence.collisions(labels))
                sameClass = try bootstrap.mean(seen.sameClass)
            } else if known.count >= PairedEmbeddings.minimum {
                // Of samples without a class nothing is known, so neither are they anchors nor do they dilute the negatives.
                let some = try Bootstrap(count: known.count, seed: options.seed)
                collisions = try some.mean(Evidence.collisions(known.map { labels[$0] }))
                sameClass = try some.mean(
                    known.map { seen.sameClass[$0] / max(seen.labelled[$0], .leastNormalMagnitude) })
            }
        }
        uniformity = try Evidence.uniformity(views, seed: options.seed)
        let clusters = try ClusterStructure(views)
        transitivity = clusters.transitivity
        alike = try Bootstrap(count: clusters.alike.count, seed: options.seed).mean(clusters.alike)
        spectrum = try Spectrum(views.first)
        // The slope is taken where the training stands: around its own number of candidates, or at all pairs.
        let most = min(views.count, max(16, 2 * (options.candidates ?? views.count)))
        let range = most / 4...most
        slopeRange = range
        (curve, slope) = try Evidence.curve(views, temperature: tau, range: range, bootstrap)
        if options.measuresGradient {
            gradient = try GradientCurve.points(views, temperature: tau, seed: options.seed)
        }
        if views.count >= CriticGap.minimum {
            let found = try CriticGap(views, temperature: best, seed: options.seed)
            let exam = try Bootstrap(count: found.gap.count, seed: options.seed)
            criticGap = try exam.mean(found.gap)
            critic = found.kind
            for kind in CriticGap.Kind.allCases {
                guard let gap = found.gaps[kind] else { continue }
                criticGaps.append((kind, try exam.mean(gap)))
            }
        }
    }

    /// For each sample the share of the others that have its class.
    private static func collisions(_ labels: [Int]) -> [Double] {
        var counts: [Int: Int] = [:]
        for label in labels where label >= 0 { counts[label, default: 0] += 1 }
        return labels.map { Double(max(0, counts[$0, default: 0] - 1)) / Double(labels.count - 1) }
    }

    private static func uniformity(_ views: UnitViews, seed: UInt64) throws(TorchError) -> Estimate {
        let count = min(views.count, 2048)
        let rows = try views.first.narrow(dim: 0, start: 0, length: count)
        let kernel = try ((rows.matmul(rows.transpose(0, 1)) - 1) * 4).exp()
        let sums: [Double] = try ((kernel.sum(dim: 1) - 1) / Double(count - 1)).toArray()
        return try Bootstrap(count: count, seed: seed).mean(sums).map { log(max($0, .leastNormalMagnitude)) }
    }

    private static func curve(
        _ views: UnitViews, temperature: Double, range: ClosedRange<Int>, _ bootstrap: Bootstrap
    ) throws(TorchError) -> ([BoundPoint], Estimate) {
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
