import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("Held-out estimates")
struct HeldOutTests {
    /// Pairs of the test bed as files hold them.
    private func pairs(_ count: Int, information: Double, dimension: Int = 4, seed: UInt64 = 1) throws -> PairedSamples
    {
        let bed = CorrelatedGaussians(information: information, dimension: dimension)
        let (x, y) = try bed.sample(count, from: Generator(seed: seed))
        return try PairedSamples(x: x.toArray(), y: y.toArray(), dimensions: (dimension, dimension))
    }

    private func report(
        _ samples: PairedSamples, _ estimators: [any InformationEstimator] = EstimatorFamily.all,
        _ change: (inout CriticTraining) -> Void = { _ in }
    ) throws -> EstimateReport {
        var training = CriticTraining()
        (training.steps, training.candidates) = (300, 32)
        change(&training)
        var separable = SeparableCritic()
        separable.hidden = 64
        if training.critic.name == "separable" { training.critic = .init(separable) }
        let split = try HeldOutSplit(samples, candidates: training.candidates, seed: 0)
        return try EstimateReport(samples, split: split, training: training, estimators: estimators, seed: 0)
    }

    @Test func independentPairsGiveNothing() throws {
        let samples = try pairs(2000, information: 0)
        for row in try report(samples).rows {
            let error = try #require(row.standardError)
            #expect(abs(row.value) < 0.02 + 4 * error, "\(row)")
            #expect(row.value < 0.05, "\(row)")
            #expect(error < 0.02)
        }
    }

    @Test("A critic that could memorise its pairs finds nothing in others")
    func memorisedPairsGiveNothing() throws {
        // 384 pairs of 64 numbers, far fewer than the weights: the loss on these can be brought to nothing.
        let samples = try pairs(640, information: 0, dimension: 64)
        let estimators: [any InformationEstimator] = [InfoNCEBound(), DonskerVaradhan(), SMILE()]
        let found = try report(samples, estimators) {
            $0.patience = 1000
            $0.every = 20
        }
        for row in found.rows { #expect(abs(row.value) < 0.1, "\(row)") }
    }

    @Test func informationIsFound() throws {
        let samples = try pairs(5000, information: 1.5)
        for row in try report(samples).rows {
            #expect((0.8..<1.7).contains(row.value), "\(row)")
            #expect(row.ceiling == EstimatorFamily.all.first { $0.name == row.estimator }?.ceiling(candidates: 32))
        }
    }

    @Test(arguments: CriticFamily.registry.types.map { $0.name }) func everyCriticLearns(name: String) throws {
        let samples = try pairs(2000, information: 3)
        let found = try report(samples, [InfoNCEBound(), NWJBound()]) { training in
            guard let critic = try? CriticFamily.registry.type(named: name).init() as? any CriticSettings else {
                return
            }
            training.critic = .init(critic)
            training.steps = 400
            var optimizer = AdamWConfiguration()
            optimizer.lr = 5e-3
            if training.critic.component.hasWeights { training.optimizer = .init(optimizer) }
        }
        for row in found.rows { #expect((0.3..<3.3).contains(row.value), "\(name): \(row)") }
    }

    @Test func scaleAndPlaceOfTheNumbersDoNotMatter() throws {
        let samples = try pairs(1000, information: 2)
        let moved = try PairedSamples(
            x: samples.x.map { 1000 * $0 + 5000 }, y: samples.y.map { 0.001 * $0 - 2 }, dimensions: samples.dimensions)
        let (one, other) = (try report(samples, [InfoNCEBound()]), try report(moved, [InfoNCEBound()]))
        #expect(abs(one.rows[0].value - other.rows[0].value) < 0.02)
        #expect(try report(samples, [InfoNCEBound()]) == one)
    }

    @Test func partsShareNoPair() throws {
        let samples = try pairs(1003, information: 1)
        let split = try HeldOutSplit(samples, candidates: 64, seed: 3)
        #expect((split.train + split.validation + split.test).sorted() == Array(0..<1003))
        #expect(split.test.count == 200 && split.validation.count == 200)
        #expect(try HeldOutSplit(samples, candidates: 64, seed: 4).test != split.test)
    }

    @Test func tooFewPairsAreAnError() throws {
        let error = #expect(throws: EmbeddingsError.self) {
            try HeldOutSplit(pairs(639, information: 1), candidates: 64, seed: 0)
        }
        #expect(error?.problem == .tooFew)
        #expect("\(try #require(error))".contains("640 pairs or more"))
        _ = try HeldOutSplit(pairs(640, information: 1), candidates: 64, seed: 0)
    }

    @Test func rowsThatDoNotMatchAreErrors() {
        let problems: [(x: [Float], y: [Float], EmbeddingsError.Problem)] = [
            ([1, 2, 3, 4], [1, 2, 3, 4, 5, 6], .shape), ([1, 2, 3], [1, 2], .shape),
            ([1, .nan, 3, 4], [1, 2, 3, 4], .notFinite), ([1, 2, 3, 4], [1, 2, .infinity, 4], .notFinite),
        ]
        for (x, y, problem) in problems {
            let error = #expect(throws: EmbeddingsError.self) {
                try PairedSamples(x: x, y: y, dimensions: (2, 2))
            }
            #expect(error?.problem == problem)
        }
    }
}
