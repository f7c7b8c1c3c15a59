import Foundation
import Testing
import Torch

@testable import Contrast

/// Every measurement beside a naive restatement in float64.
@Suite("Measurements")
struct MeasurementTests {
    private let count = 30
    private let dimension = 6
    private let labels = (0..<30).map { $0 % 4 == 3 ? -1 : $0 % 3 }
    private let first: [[Double]]
    private let second: [[Double]]
    private let views: UnitViews

    init() throws {
        let one = Fixture.hashed(180, stream: 1).map { Float($0) }
        let noise = Fixture.hashed(180, stream: 2)
        let other = zip(one, noise).map { $0 + Float(0.8 * $1) }
        let pairs = try PairedEmbeddings(first: one, second: other, dimension: 6, labels: labels)
        views = try UnitViews(pairs, limit: 4096, seed: 3)
        func rows(_ tensor: Tensor) throws -> [[Double]] {
            let values: [Double] = try tensor.toArray()
            return stride(from: 0, to: values.count, by: 6).map { Array(values[$0..<$0 + 6]) }
        }
        (first, second) = (try rows(views.first), try rows(views.second))
    }

    private func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }

    private func near(_ found: [Double], _ wanted: [Double]) -> Bool {
        found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) }
    }

    @Test(arguments: [0.05, 0.5], [7, 512]) func negatives(temperature: Double, block: Int) throws {
        let found = try NegativeStatistics(views, temperature: temperature, block: block)
        let labels = try #require(views.labels)
        var wanted = NegativeStatistics.Naive()
        for i in 0..<count {
            let cosines = second.map { dot(first[i], $0) }
            let negatives = (0..<count).filter { $0 != i }
            wanted.loss.append(
                log(cosines.reduce(0) { $0 + exp($1 / temperature) }) - cosines[i] / temperature)
            let total = negatives.reduce(0) { $0 + exp(cosines[$1] / temperature) }
            let weights = negatives.map { exp(cosines[$0] / temperature) / total }
            wanted.effective.append(exp(-weights.reduce(0) { $0 + $1 * log($1) }))
            wanted.hardest.append(weights.max() ?? 0)
            let mean = negatives.reduce(0) { $0 + cosines[$1] } / 29
            wanted.mean.append(mean)
            wanted.std.append(
                (negatives.reduce(0) { $0 + (cosines[$1] - mean) * (cosines[$1] - mean) } / 29).squareRoot())
            wanted.rank.append(Double(negatives.count { cosines[$0] < cosines[i] }) / 29)
            wanted.sameClass.append(
                zip(negatives, weights).reduce(0) {
                    $0 + (labels[i] >= 0 && labels[$1.0] == labels[i] ? $1.1 : 0)
                })
        }
        #expect(near(found.loss, wanted.loss))
        #expect(near(found.effective, wanted.effective))
        #expect(near(found.hardest, wanted.hardest))
        #expect(near(found.mean, wanted.mean))
        #expect(near(found.std, wanted.std))
        #expect(near(found.rank, wanted.rank))
        #expect(near(found.sameClass, wanted.sameClass))
    }

    @Test("What has no class is neither anchor nor negative where classes are judged") func classesOfSome() throws {
        let pairs = try PairedEmbeddings(
            first: first.flatMap { $0.map { Float($0) } }, second: second.flatMap { $0.map { Float($0) } },
            dimension: 6,
            labels: views.labels)
        var options = Evidence.Options()
        options.temperature = 0.5
        options.seed = 3
        let evidence = try Evidence(pairs, options: options)
        let known = labels.filter { $0 >= 0 }
        let rates = known.map { label in Double(known.count { $0 == label } - 1) / Double(known.count - 1) }
        #expect(evidence.labelled == known.count && known.count < count)
        #expect(abs((evidence.collisions?.value ?? 0) - rates.reduce(0, +) / Double(known.count)) < 1e-12)
        // The softmax over negatives that have a class.
        let classes = try #require(views.labels)
        let masses = (0..<count).filter { classes[$0] >= 0 }.map { i -> Double in
            let others = (0..<count).filter { $0 != i && classes[$0] >= 0 }
            let weights = others.map { exp(dot(first[i], second[$0]) / 0.5) }
            let same = zip(others, weights).filter { classes[$0.0] == classes[i] }.reduce(0) { $0 + $1.1 }
            return same / weights.reduce(0, +)
        }
        #expect(abs((evidence.sameClass?.value ?? 0) - masses.reduce(0, +) / Double(masses.count)) < 1e-6)
        #expect(Diagnosis(evidence).lines[1].hasPrefix("\(known.count) pairs have a class"))
    }

    @Test(arguments: [8, 10, 30]) func theBoundsCurve(candidates: Int) throws {
        let found = try BoundCurve.losses(views, candidates: candidates, temperature: 0.3)
        let wanted = (0..<count).map { i in
            let start = min(i / candidates * candidates, count - candidates)
            let scores = (start..<start + candidates).map { dot(first[i], second[$0]) / 0.3 }
            return log(scores.reduce(0) { $0 + exp($1) }) - scores[i - start]
        }
        #expect(near(found, wanted))
    }

    @Test(arguments: [0.07, 0.5]) func theGradientsVariance(temperature: Double) throws {
        let found = try GradientCurve.points(views, temperature: temperature, subsets: 5, seed: 9)
        #expect(found.map(\.negatives) == [2, 4, 8])
        for point in found {
            let negatives = point.negatives
            var (variances, squares) = (0.0, 0.0)
            for i in 0..<count {
                let gradients = (0..<5).map { subset -> [Double] in
                    let drawn = GradientCurve.draw(count, negatives: negatives, subset: subset, seed: 9)
                    #expect(Set(drawn).count == negatives + 1)
                    let rest = drawn.contains(i) ? drawn.filter { $0 != i } : Array(drawn.dropLast())
                    return gradient(i, rest, temperature)
                }
                let mean = (0..<dimension).map { axis in gradients.reduce(0) { $0 + $1[axis] } / 5 }
                let spread = gradients.reduce(0.0) { sum, gradient in
                    sum + zip(gradient, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
                }
                variances += spread / 4 / (1 - Double(negatives) / 29)
                squares += dot(mean, mean) - spread / 4 / 5
            }
            #expect(abs(point.relativeVariance.value - variances / squares) < 1e-5 * max(1, variances / squares))
            #expect(point.relativeVariance.low < point.relativeVariance.high)
        }
        #expect(found[2].relativeVariance.value < found[0].relativeVariance.value)
    }

    /// Of the loss with these negatives with respect to the anchor, by central differences.
    private func gradient(_ anchor: Int, _ negatives: [Int], _ temperature: Double) -> [Double] {
        func loss(_ u: [Double]) -> Double {
            let scores = ([anchor] + negatives).map { dot(u, second[$0]) / temperature }
            return log(scores.reduce(0) { $0 + exp($1) }) - scores[0]
        }
        return (0..<dimension).map { axis in
            var (more, less) = (first[anchor], first[anchor])
            more[axis] += 1e-4
            less[axis] -= 1e-4
            return (loss(more) - loss(less)) / 2e-4
        }
    }

    @Test func theBestTemperatureHasTheLeastLoss() throws {
        let best = try BoundCurve.bestTemperature(views)
        func loss(_ temperature: Double) throws -> Double {
            try BoundCurve.losses(views, candidates: count, temperature: temperature).reduce(0, +)
        }
        let least = try loss(best)
        for factor in [0.5, 0.8, 0.95, 1.05, 1.25, 2] { #expect(try loss(best * factor) > least) }
    }

    @Test func twins() throws {
        let near = 0.6
        let wide = 0.2
        let found = try Twins(views, near: near, wide: wide).anchors
        let wanted = (0..<count).map { i -> Double in
            let similar = (0..<count).filter { $0 != i }.map { j in
                min(
                    dot(first[i], second[j]), dot(second[i], first[j]), dot(first[i], first[j]),
                    dot(second[i], second[j]))
            }
            return similar.contains { $0 > near } && similar.count { $0 > wide } <= 3 ? 1 : 0
        }
        #expect(found == wanted)
        #expect(wanted.contains(1) && wanted.contains(0))
    }

    @Test func theSpectrumAgreesWithGeometryAndKnownRanks() throws {
        let spectrum = try Spectrum(views.first)
        #expect(try abs(spectrum.effectiveRank.value - EmbeddingGeometry.effectiveRank(views.first)) < 1e-9)
        // Two orthogonal directions, equally often, both ways: rank two, all three measures.
        let rows = (0..<40).flatMap { index -> [Double] in
            let sign = index % 2 == 0 ? 1.0 : -1.0
            return index % 4 < 2 ? [sign, 0, 0] : [0, sign, 0]
        }
        let known = try Spectrum(Tensor(rows, shape: [40, 3]))
        for estimate in [known.effectiveRank, known.rankMe, known.participation] {
            #expect(abs(estimate.value - 2) < 1e-4)
            #expect(estimate.low > 1.8 && estimate.high < 2.2)
        }
    }

    @Test func bootstrapIntervalsHaveTheWidthOfTheStandardError() throws {
        let values = Fixture.hashed(400, stream: 5)
        let estimate = try Bootstrap(count: 400, replicates: 1000, seed: 1).mean(values)
        let mean = values.reduce(0, +) / 400
        let error = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 400 / 400).squareRoot()
        #expect(abs(estimate.value - mean) < 1e-12)
        #expect(abs((estimate.high - estimate.low) / (2 * 1.96 * error) - 1) < 0.1)
        #expect(try Bootstrap(count: 400, seed: 1).mean(values) == Bootstrap(count: 400, seed: 1).mean(values))
        #expect(try Bootstrap(count: 400, seed: 1).mean(values) != Bootstrap(count: 400, seed: 2).mean(values))
    }

    @Test func aCriticGainsNothingWhereTheCosineSeesAll() throws {
        let (pairs, _) = try Planted.healthyManyClasses.make(pairs: 512, dimension: 32, seed: 9)
        let views = try UnitViews(pairs, limit: 4096, seed: 0)
        let critic = try CriticGap(views, temperature: BoundCurve.bestTemperature(views), seed: 0)
        #expect(critic.gap.count == 128)
        #expect(critic.gaps.count == 2 && critic.gaps[critic.kind] == critic.gap)
        for gap in critic.gaps.values { #expect(abs(gap.reduce(0, +) / 128) < 0.4) }
    }

    @Test func theBetterCriticIsNamed() throws {
        func gaps(_ condition: Planted) throws -> (kind: CriticGap.Kind, bilinear: Double, separable: Double) {
            let (pairs, _) = try condition.make(pairs: 768, dimension: 32, seed: 10)
            let views = try UnitViews(pairs, limit: 4096, seed: 0)
            let critic = try CriticGap(views, temperature: BoundCurve.bestTemperature(views), seed: 0)
            let means = critic.gaps.mapValues { $0.reduce(0, +) / Double(critic.candidates) }
            return (critic.kind, try #require(means[.bilinear]), try #require(means[.separable]))
        }
        // Both see what is turned; only the MLP sees sizes.
        let rotated = try gaps(.rotated)
        #expect(min(rotated.bilinear, rotated.separable) > 1, "\(rotated)")
        let folded = try gaps(.folded)
        #expect(folded.kind == .separable && folded.separable > 0.5 && abs(folded.bilinear) < 0.1, "\(folded)")
    }
}

extension NegativeStatistics {
    /// The fields that a naive restatement fills.
    fileprivate struct Naive {
        var loss: [Double] = []
        var rank: [Double] = []
        var effective: [Double] = []
        var hardest: [Double] = []
        var mean: [Double] = []
        var std: [Double] = []
        var sameClass: [Double] = []
    }
}
