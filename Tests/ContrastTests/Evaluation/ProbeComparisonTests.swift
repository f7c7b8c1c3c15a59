import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Encoders beside each other, and few labels")
struct ProbeComparisonTests {
    private func hits(_ right: (Int) -> Bool, _ samples: Range<Int> = 0..<200) -> ProbeHits {
        var hits = ProbeHits()
        for sample in samples { hits.bySample[sample] = (right(sample), right(sample + 1)) }
        return hits
    }

    @Test func pairsImageByImage() throws {
        let own = hits { $0 % 2 == 0 }
        // Right wherever the other is, and on one image in ten more.
        let better = hits({ $0 % 2 == 0 || $0 % 10 == 1 }, 0..<198)
        let found = try #require(
            try ProbeComparison(own, with: [(better, "w.pth", "resnet18", true, nil)], seed: 1))
        let rival = found.rivals[0]
        #expect(found.images == 198 && rival.isStart && !rival.isRandom)
        #expect(abs(found.linearProbe.value - 0.5) < 1e-9)
        #expect(abs(rival.linearProbeLead.value + 20 / 198.0) < 1e-9)
        // Unpaired, the interval would be twice as wide and reach 0.
        #expect(rival.linearProbeLead.high < -0.05 && rival.linearProbeLead.low > -0.16)
        #expect(try ProbeComparison(own, with: [], seed: 1) == nil)
        let json = try JSONEncoder().encode(found)
        #expect(try JSONDecoder().decode(ProbeComparison.self, from: json) == found)
    }

    @Test(
        arguments: [
            (LabelBudget.share(0.1), [4, 1], "10%"), (.share(0.01), [1, 1], "1%"), (.share(0.001), [1, 1], "0.1%"),
            (.shots(3), [3, 3], "3 shots"), (.shots(20), [20, 10], "20 shots"), (.shots(1), [1, 1], "1 shot"),
        ] as [(LabelBudget, [Int], String)])
    func drawsOfEachClass(budget: LabelBudget, counts: [Int], words: String) {
        let labels = (0..<50).map { $0 < 40 ? 0 : 1 }
        let drawn = budget.draw(from: labels, classes: 2, seed: 7, repeat: 0)
        #expect([drawn.count { $0 < 40 }, drawn.count { $0 >= 40 }] == counts)
        #expect(drawn == drawn.sorted() && Set(drawn).count == drawn.count && "\(budget)" == words)
        #expect(drawn == budget.draw(from: labels, classes: 2, seed: 7, repeat: 0))
        if budget == .share(0.1) { #expect(drawn != budget.draw(from: labels, classes: 2, seed: 7, repeat: 1)) }
    }

    @Test func studentsIntervalOfAMean() {
        let estimate = Measured(mean: [1, 2, 3, 4])
        // scipy.stats.t.interval(0.95, 3, 2.5, 0.6455)
        #expect(estimate.value == 2.5)
        #expect(abs(estimate.low - 0.4457) < 1e-3)
        #expect(abs(estimate.high - 4.5543) < 1e-3)
        #expect(Measured(mean: [2]) == Measured(2))
        #expect(abs(Measured.student(31) - 2.0395) < 5e-4 && abs(Measured.student(100) - 1.98397) < 5e-4)
    }

    @Test func costIsChosenByFolds() throws {
        // Class 1 differs by one feature of many; the others are noise, which a large C fits.
        var stream = RandomStream(RandomKey(seed: 5, purpose: .folds))
        let labels = (0..<60).map { $0 % 2 }
        var rows: [Double] = []
        for label in labels {
            for column in 0..<40 {
                rows.append(Double(stream.integer(below: 1000)) / 500 - 1 + (column == 0 ? Double(label) : 0))
            }
        }
        let features = try Tensor(rows, shape: [60, 40])
        let cost = try #require(try CostSearch.choose(features: features, labels: labels, classes: 2, seed: 3))
        #expect(CostSearch.costs.contains(cost) && cost < 10)
        #expect(try CostSearch.choose(features: features, labels: labels, classes: 2, seed: 3) == cost)
        let single = labels.indices.map { $0 == 0 ? 2 : labels[$0] }
        #expect(try CostSearch.choose(features: features, labels: single, classes: 3, seed: 3) == nil)
    }

    @Test(
        arguments: [
            ("random", false, -0.1 ... -0.02, "Worse than random weights"),
            ("random", false, -0.1...0.02, "Not better than random"),
            ("w.pth", true, -0.1...0.02, "the weights that it started from"), ("w.pth", false, -0.1...0.02, nil),
            ("random", false, 0.01...0.1, nil),
        ] as [(String, Bool, ClosedRange<Double>, String?)])
    func aRunBelowItsBaselineIsAFinding(
        name: String, isStart: Bool, lead: ClosedRange<Double>, title: String?
    ) throws {
        let embeddings = try PairedEmbeddings(
            first: (0..<256).map { Float($0 * 7 % 19) }, second: (0..<256).map { Float($0 * 5 % 17) }, dimension: 4)
        var evidence = try Evidence(embeddings, options: .init())
        let experiment = try tinyExperiment()
        var run = RunEvidence(folder: RunFolder("/absent"), experiment: experiment, labels: [0, 1])
        let score = Measured(0.5)
        let middle = Measured((lead.lowerBound + lead.upperBound) / 2, low: lead.lowerBound, high: lead.upperBound)
        run.comparison = ProbeComparison(
            resamples: 10_000, images: 100, linearProbe: score, knn: score,
            rivals: [
                .init(
                    name: name, architecture: "resnet18", isStart: isStart, linearProbe: score, knn: score,
                    linearProbeLead: middle, knnLead: middle)
            ])
        evidence.run = run
        switch BelowBaseline.evaluate(evidence) {
        case .found(let finding): #expect(title.map { finding.title.contains($0) } == true)
        default: #expect(title == nil)
        }
    }
}
