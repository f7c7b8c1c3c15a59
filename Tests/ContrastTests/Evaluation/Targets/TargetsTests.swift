import Testing
import Torch

@testable import Contrast

@Suite("Sets of labels and numbers")
struct TargetsTests {
    private struct Content: Decodable {
        let train, test, scores, tied: [[Double]]
        let trainLabels, testLabels: [[Int]]
        let cost, meanAveragePrecision, macroF1, microF1, tiedMeanAveragePrecision: Double
        let auroc, tiedAuroc, trainValues, testValues, predictions: [Double]
        let penalty, r2, meanAbsoluteError: Double
    }

    private let fixture: Content
    private let names = ["a", "b", "c", "d"]

    init() throws { fixture = try Fixture.read("targets") }

    private func largest(_ found: [Double], _ wanted: [Double]) -> Double {
        zip(found, wanted).map { abs($0 - $1) }.max() ?? .nan
    }

    @Test func setsOfLabelsAreScikitLearns() throws {
        let probes = try OneVersusRest(
            features: Fixture.tensor(fixture.train), labels: fixture.trainLabels, classes: 4, cost: fixture.cost)
        let scores = try probes.scores(Fixture.tensor(fixture.test))
        #expect(largest(scores.flatMap { $0 }, fixture.scores.flatMap { $0 }) < 1e-4)
        let found = MultiLabelScores(scores: scores, labels: fixture.testLabels, names: names)
        #expect(abs(found.meanAveragePrecision - fixture.meanAveragePrecision) < 1e-9)
        #expect(abs(found.macroF1 - fixture.macroF1) < 1e-9 && abs(found.microF1 - fixture.microF1) < 1e-9)
        #expect(largest(found.perClass.map { $0.auroc ?? .nan }, fixture.auroc) < 1e-9)
    }

    @Test func imagesOfOneScoreCountTogether() {
        let found = MultiLabelScores(scores: fixture.tied, labels: fixture.testLabels, names: names)
        #expect(abs(found.meanAveragePrecision - fixture.tiedMeanAveragePrecision) < 1e-9)
        #expect(largest(found.perClass.map { $0.auroc ?? .nan }, fixture.tiedAuroc) < 1e-9)
    }

    @Test func whatCannotBeScoredIsLeftOut() throws {
        let found = MultiLabelScores(
            scores: [[1, -.infinity], [2, -.infinity]], labels: [[0], [0]], names: ["a", "b"])
        #expect(found.perClass.map(\.averagePrecision) == [1, nil] && found.perClass.map(\.auroc) == [nil, nil])
        #expect(found.perClass.map(\.f1) == [1, nil] && found.microF1 == 1 && found.meanAUROC == 0)
        let probes = try OneVersusRest(
            features: Fixture.tensor([[0], [1]]), labels: [[0], [0, 1]], classes: 2, cost: 1)
        #expect(try probes.scores(Fixture.tensor([[3]]))[0][0] == .infinity)
        let none = try OneVersusRest(features: Fixture.tensor([[0], [1]]), labels: [[1], []], classes: 1, cost: 1)
        #expect(try none.scores(Fixture.tensor([[3]])) == [[-.infinity]])
    }

    @Test(arguments: [([2, 2], 1), ([2, 3], 0)] as [([Double], Double)]) func equalNumbersHaveAScore(
        found: [Double], r2: Double
    ) {
        #expect(RegressionScores(found: found, wanted: [2, 2]).r2 == r2)
    }

    @Test func numbersAreScikitLearns() throws {
        let ridge = try RidgeRegression(
            features: Fixture.tensor(fixture.train), values: fixture.trainValues, penalty: fixture.penalty)
        let found = try ridge.values(Fixture.tensor(fixture.test))
        #expect(largest(found, fixture.predictions) < 1e-9)
        let scores = RegressionScores(found: found, wanted: fixture.testValues)
        #expect(abs(scores.r2 - fixture.r2) < 1e-9)
        #expect(abs(scores.meanAbsoluteError - fixture.meanAbsoluteError) < 1e-9)
    }
}
