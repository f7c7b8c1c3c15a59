import Testing
import Torch

@testable import Contrast

@Suite("Nearest neighbours")
struct NearestNeighboursTests {
    @Test("Predictions are those of the votes written out", arguments: 0..<3)
    func equalsTheFixture(index: Int) throws {
        let problem = try Fixture.read("probe", as: ProbeFixture.self).problems[index]
        for wanted in problem.knn {
            let classifier = try NearestNeighbours(
                features: Fixture.tensor(problem.train).to(.float32), labels: problem.trainLabels,
                classes: problem.classes, neighbours: wanted.k, temperature: wanted.temperature)
            let ranking = try classifier.ranking(Fixture.tensor(problem.test).to(.float32))
            #expect(ranking.map { $0[0] } == wanted.predictions)
            let scores = Scores(ranked: ranking, labels: problem.testLabels, classes: problem.classes)
            #expect(abs(scores.top1 - wanted.top1) < 1e-8)
            #expect(scores.confusion == wanted.confusion)
            // With fewer neighbours, classes without a vote tie.
            if let top5 = scores.top5, wanted.k == 200 { #expect(abs(top5 - wanted.top5) < 1e-8) }
        }
    }

    @Test("The length of features does not matter, and a small T does not overflow") func scales() throws {
        let bank = try Tensor([1.0, 0, 0, 1, 0.9, 0.1], shape: [3, 2])
        let classifier = try NearestNeighbours(
            features: bank * 1000, labels: [0, 1, 0], classes: 3, neighbours: 3, temperature: 1e-3)
        let ranking = try classifier.ranking(Tensor([0.001, 0, 0, 50], shape: [2, 2]), count: 2)
        #expect(ranking.map { $0[0] } == [0, 1])
        #expect(ranking.allSatisfy { $0.count == 2 })
    }

    @Test func neighboursAreAtMostTheBank() throws {
        let classifier = try NearestNeighbours(
            features: Tensor([1.0, 0, 0, 1], shape: [2, 2]), labels: [1, 0], classes: 2, neighbours: 50,
            temperature: 0.1)
        #expect(classifier.neighbours == 2)
        #expect(try classifier.ranking(Tensor([1.0, 0.2], shape: [1, 2])) == [[1, 0]])
    }

    @Test func defaultsGoByTheBank() {
        #expect(NearestNeighbours.defaults(bank: 10_000) == (200, 0.1))
        #expect(NearestNeighbours.defaults(bank: 9_999) == (20, 0.07))
        #expect(NearestNeighbours.defaults(bank: 3) == (3, 0.07))
    }
}
