import Testing
import Torch

@testable import Contrast

@Suite("Linear probe")
struct LinearProbeTests {
    @Test("Weights, objective and predictions are scikit-learn's", arguments: 0..<3)
    func equalsScikitLearn(index: Int) throws {
        let problem = try Fixture.read("probe", as: ProbeFixture.self).problems[index]
        let train = try Fixture.tensor(problem.train).to(.float32)
        let test = try Fixture.tensor(problem.test).to(.float32)
        for wanted in problem.linear {
            let probe = try LinearProbe(
                features: train, labels: problem.trainLabels, classes: problem.classes, cost: wanted.C)
            #expect(probe.converged)
            #expect(abs(probe.objective / wanted.objective - 1) < 1e-6)
            let weights = try probe.weights.narrow(dim: 1, start: 0, length: problem.train[0].count)
            #expect(try difference(weights, wanted.weights, floor: 1) < 1e-3)
            let ranking = try probe.ranking(test)
            #expect(ranking.map { $0[0] } == wanted.predictions)
            #expect(ranking.allSatisfy { Set($0).count == min(5, problem.classes) })
            let scores = Scores(ranked: ranking, labels: problem.testLabels, classes: problem.classes)
            #expect(abs(scores.top1 - wanted.top1) < 1e-8)
            #expect(scores.confusion?.matrix(classes: problem.classes) == wanted.confusion)
            for (found, share) in zip(scores.perClass, wanted.perClass) { #expect(abs((found ?? -1) - share) < 1e-8) }
            if let top5 = scores.top5 { #expect(abs(top5 - wanted.top5) < 1e-8) }
        }
    }

    @Test func aConstantFeatureHasNoWeight() throws {
        let problem = try Fixture.read("probe", as: ProbeFixture.self).problems[0]
        // A level that float32 does not hold exactly, which rounding must not take for a spread.
        let rows = problem.train.map { Array($0.dropLast()) + [0.1] }
        let probe = try LinearProbe(
            features: Fixture.tensor(rows).to(.float32), labels: problem.trainLabels, classes: problem.classes, cost: 1)
        let column = rows[0].count - 1
        #expect(try probe.scaling.std.narrow(dim: 0, start: column, length: 1).item() == 1)
        let weights: [Double] = try probe.weights.narrow(dim: 1, start: column, length: 1).reshape([-1]).toArray()
        #expect(weights.allSatisfy { abs($0) < 1e-6 })
    }

    @Test func saysWhenItDidNotConverge() throws {
        let problem = try Fixture.read("probe", as: ProbeFixture.self).problems[0]
        let probe = try LinearProbe(
            features: Fixture.tensor(problem.train), labels: problem.trainLabels, classes: problem.classes, cost: 1,
            maximumIterations: 2)
        #expect(!probe.converged)
        #expect(probe.iterations == 2)
    }

    @Test("Features that are no numbers never count as converged", arguments: [Double.nan, .infinity])
    func featuresThatAreNoNumbers(value: Double) throws {
        let probe = try LinearProbe(
            features: Tensor([1, 2, value, 4], shape: [4, 1]), labels: [0, 1, 0, 1], classes: 2, cost: 1)
        #expect(!probe.converged)
    }

    @Test func labelsOutsideTheClassesAreAnError() throws {
        #expect(throws: TorchError.self) {
            try LinearProbe(features: Tensor.ones([2, 2]), labels: [0, 2], classes: 2, cost: 1)
        }
        #expect(throws: TorchError.self) {
            try LinearProbe(features: Tensor.ones([2, 2]), labels: [0, -1], classes: 2, cost: 1)
        }
    }
}
