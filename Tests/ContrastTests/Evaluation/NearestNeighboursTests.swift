import Foundation
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
            #expect(scores.confusion?.matrix(classes: problem.classes) == wanted.confusion)
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

    @Test(
        "Blocks of queries and of the bank change nothing, by weight and by majority",
        arguments: [(1, 1), (3, 7), (7, 25), (40, 100), (4, 60)], [nil, 0.1] as [Double?])
    func blocksChangeNothing(blocks: (queries: Int, bank: Int), temperature: Double?) throws {
        let (bank, labels) = (Fixture.hashed(60 * 8, stream: 1), (0..<60).map { $0 * 7 % 5 })
        let queries = Fixture.hashed(17 * 8, stream: 2)
        let classifier = try NearestNeighbours(
            features: Tensor(bank, shape: [60, 8]), labels: labels, classes: 5, neighbours: 9, temperature: temperature,
            blocks: .init(queries: blocks.queries, bank: blocks.bank))
        let found = try classifier.ranking(Tensor(queries, shape: [17, 8]), count: 1).map { $0[0] }
        #expect(found == NearestNeighboursTests.naive(bank, labels, queries, width: 8, k: 9, temperature: temperature))
    }

    /// Votes one after the other in float64, the first class of several that are equal.
    private static func naive(
        _ bank: [Double], _ labels: [Int], _ queries: [Double], width: Int, k: Int, temperature: Double?
    ) -> [Int] {
        func rows(_ all: [Double]) -> [[Double]] {
            stride(from: 0, to: all.count, by: width).map { start in
                let row = Array(all[start..<start + width])
                let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return row.map { $0 / length }
            }
        }
        let bank = rows(bank)
        return rows(queries).map { query in
            let similarities = bank.map { zip($0, query).reduce(0) { $0 + $1.0 * $1.1 } }
            let nearest = similarities.indices.sorted { similarities[$0] > similarities[$1] }.prefix(k)
            var votes: [Int: Double] = [:]
            for place in nearest {
                votes[labels[place], default: 0] += temperature.map { exp(similarities[place] / $0) } ?? 1
            }
            return votes.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? -1
        }
    }

    @Test func ofClassesWithEqualVotesTheFirstWins() throws {
        // Two near votes for class 2 and two far ones for class 1.
        let classifier = try NearestNeighbours(
            features: Tensor([1.0, 0, 1, 0.1, 1, 1, 0, 1], shape: [4, 2]), labels: [2, 2, 1, 1], classes: 3,
            neighbours: 4, temperature: nil)
        #expect(try classifier.ranking(Tensor([1.0, 0], shape: [1, 2])) == [[1, 2, 0]])
    }

    @Test("No block of similarities is above 64 MiB, 1 GiB on a GPU", arguments: [1, 50_000, 1 << 17, 3_000_000])
    func blocksBoundTheMemory(bank: Int) {
        for (device, bound) in [(Device.cpu, 1 << 26), (.cuda(0), 1 << 30)] {
            let blocks = NearestNeighbours.Blocks(bank: bank, on: device)
            #expect(blocks.bank >= 1 && blocks.bank <= bank && blocks.queries >= 1)
            #expect(blocks.queries * blocks.bank * 4 <= bound)
            // Votes are no more than similarities.
            let many = NearestNeighbours.Blocks(bank: bank, classes: 22_000, on: device)
            #expect(many.queries >= 1 && many.queries * 22_000 * 4 <= bound)
            // Small blocks would be all overhead.
            #expect(blocks.queries * blocks.bank * 4 > bound / 2)
        }
    }

    @Test func defaultsGoByTheBank() {
        #expect(NearestNeighbours.defaults(bank: 10_000) == (200, 0.1))
        #expect(NearestNeighbours.defaults(bank: 9_999) == (20, 0.07))
        #expect(NearestNeighbours.defaults(bank: 3) == (3, 0.07))
    }
}
