import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// An estimator with the loops that it must equal.
struct EstimatorCase: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var estimator: any InformationEstimator
    var value: @Sendable (Naive.Rows) -> Double
    var objective: (@Sendable (Naive.Rows) -> Double)?
    /// Whether the gradient is not the value's: baselines take none.
    var isDetached = false

    init(
        _ name: String, _ estimator: any InformationEstimator, objective: (@Sendable (Naive.Rows) -> Double)? = nil,
        isDetached: Bool = false, _ value: @escaping @Sendable (Naive.Rows) -> Double
    ) {
        (testDescription, self.estimator, self.value) = (name, estimator, value)
        (self.objective, self.isDetached) = (objective, isDetached)
    }
}

private let cases: [EstimatorCase] =
    [
        EstimatorCase("info_nce", InfoNCEBound()) { NaiveEstimators.infoNCE($0) },
        EstimatorCase("nwj", NWJBound()) { NaiveEstimators.nwj($0) },
        EstimatorCase("tuba halves", TUBABound.halves, isDetached: true) { NaiveEstimators.tuba($0) },
        EstimatorCase("tuba, log a 0.7", TUBABound(logBaseline: 0.7)) { NaiveEstimators.tuba($0, logBaseline: 0.7) },
        EstimatorCase("donsker_varadhan", DonskerVaradhan()) { NaiveEstimators.donskerVaradhan($0) },
        EstimatorCase("js", JSBound(), objective: { NaiveEstimators.jsObjective($0) }) { NaiveEstimators.js($0) },
        EstimatorCase("smile 5", SMILE(), objective: { NaiveEstimators.jsObjective($0) }) {
            NaiveEstimators.smile($0, clip: 5)
        },
        EstimatorCase("smile 1", SMILE(clip: 1), objective: { NaiveEstimators.jsObjective($0) }) {
            NaiveEstimators.smile($0, clip: 1)
        },
    ]
    + [0, 0.01, 0.3, 0.9, 1].map { alpha in
        EstimatorCase("interpolated \(alpha)", InterpolatedBound(alpha: alpha, logBaseline: 0.4)) {
            NaiveEstimators.interpolated($0, alpha: alpha, logBaseline: 0.4)
        }
    }

/// Scores with a diagonal that stands out, as those of a critic do.
func someScores(_ count: Int, scale: Double = 2, stream: UInt64 = 3) -> Naive.Rows {
    let values = Fixture.hashed(count * count, stream: stream)
    return (0..<count).map { i in
        (0..<count).map { j in scale * values[i * count + j] + (i == j ? scale : 0) }
    }
}

@Suite("Estimators")
struct EstimatorsTests {
    private func value(_ estimator: any InformationEstimator, _ scores: Naive.Rows) throws -> Double {
        try estimator(Fixture.tensor(scores)).item()
    }

    @Test("Values are those of loops in float64", arguments: cases, [4, 5, 16, 33])
    func valuesAreTheFormulas(given: EstimatorCase, count: Int) throws {
        for scale in [0.1, 2, 9] {
            let scores = someScores(count, scale: scale)
            let wanted = given.value(scores)
            #expect(abs(try value(given.estimator, scores) - wanted) < 1e-11 * max(1, abs(wanted)))
            let raised = (given.objective ?? given.value)(scores)
            let found = try given.estimator.objective(Fixture.tensor(scores)).item()
            #expect(abs(found - raised) < 1e-11 * max(1, abs(raised)))
            let narrow = try given.estimator(Fixture.tensor(scores).to(.float32)).item()
            #expect(abs(narrow - wanted) < 1e-5 * max(1, abs(wanted)))
        }
    }

    @Test("Gradients are those of differences", arguments: cases)
    func gradientsAreTheFormulas(given: EstimatorCase) throws {
        guard !given.isDetached else { return }
        let scores = someScores(6, scale: 1.1)
        let tensor = try Fixture.tensor(scores)
        try tensor.setRequiresGrad()
        try given.estimator.objective(tensor).backward()
        let wanted = Naive.gradient(scores, step: 1e-3, given.objective ?? given.value)
        let gradient = try tensor.grad()
        #expect(try difference(#require(gradient), wanted) < 1e-8)
    }

    @Test func baselinesOfTheOtherHalfTakeNoGradient() throws {
        let scores = someScores(6)
        let parts = [scores[..<3].map { Array($0[..<3]) }, scores[3...].map { Array($0[3...]) }]
        let logs = parts.map { log(Naive.mean(NaiveEstimators.others($0).map { exp($0) })) }
        let tensor = try Fixture.tensor(scores)
        try tensor.setRequiresGrad()
        try TUBABound.halves(tensor).backward()
        let wanted = Naive.gradient(scores, step: 1e-3) { scores in
            let parts = [scores[..<3].map { Array($0[..<3]) }, scores[3...].map { Array($0[3...]) }]
            return Naive.mean([0, 1].map { NaiveEstimators.tuba(parts[$0], logBaseline: logs[1 - $0]) })
        }
        let gradient = try tensor.grad()
        #expect(try difference(#require(gradient), wanted) < 1e-8)
    }

    @Test(arguments: [4, 9, 32]) func identitiesHold(count: Int) throws {
        let scores = someScores(count)
        let nwj = try value(NWJBound(), scores)
        #expect(abs(try value(TUBABound(logBaseline: 1), scores) - nwj) < 1e-12)
        #expect(abs(try value(InterpolatedBound(alpha: 0, logBaseline: 1), scores) - nwj) < 1e-12)
        #expect(abs(try value(JSBound(), scores) - value(NWJBound(), scores.map { $0.map { $0 + 1 } })) < 1e-12)
        // TUBA with the batch's own mean for a would be Donsker and Varadhan's; with any other it is below.
        let own = log(Naive.mean(NaiveEstimators.others(scores).map { exp($0) }))
        let dv = try value(DonskerVaradhan(), scores)
        #expect(abs(try value(TUBABound(logBaseline: own), scores) - dv) < 1e-12)
        #expect(try value(TUBABound(logBaseline: own + 0.5), scores) < dv)
        // Without clipping SMILE is Donsker and Varadhan's.
        #expect(abs(try value(SMILE(clip: 50), scores) - dv) < 1e-12)
    }

    @Test("alpha 1 is InfoNCE over the matrices without one candidate", arguments: [3, 5, 12])
    func interpolatedEndsInInfoNCE(count: Int) throws {
        let scores = someScores(count)
        var terms: [Double] = []
        for i in 0..<count {
            for j in 0..<count where j != i {
                let row = (0..<count).filter { $0 != j }.map { scores[i][$0] }
                terms.append(scores[i][i] - Naive.logSum(row) + log(Double(count - 1)))
            }
        }
        let found = try value(InterpolatedBound(alpha: 1), scores)
        #expect(abs(found - Naive.mean(terms)) < 1e-12)
        #expect(abs(try value(InterpolatedBound(alpha: 1 - 1e-12), scores) - found) < 1e-10)
    }

    @Test("What is added where it cancels changes nothing")
    func invariances() throws {
        let scores = someScores(10)
        let raised = scores.map { $0.map { $0 + 3.7 } }
        let tilted = scores.enumerated().map { row, values in values.map { $0 + 0.3 * Double(row) } }
        for estimator in [TUBABound.halves, DonskerVaradhan(), InfoNCEBound(), InterpolatedBound(alpha: 1)]
            as [any InformationEstimator]
        {
            #expect(abs(try value(estimator, raised) - value(estimator, scores)) < 1e-12)
        }
        for estimator in [InfoNCEBound(), InterpolatedBound(alpha: 1)] as [any InformationEstimator] {
            #expect(abs(try value(estimator, tilted) - value(estimator, scores)) < 1e-12)
        }
        #expect(abs(try value(DonskerVaradhan(), tilted) - value(DonskerVaradhan(), scores)) > 0.01)
        let moved = InterpolatedBound(alpha: 0.2, logBaseline: 3.7)
        #expect(abs(try value(moved, raised) - value(InterpolatedBound(alpha: 0.2), scores)) < 1e-12)
        // The names of the pairs do not matter, but for TUBA's halves.
        let order = [3, 1, 4, 9, 5, 2, 6, 8, 7, 0]
        let renamed = order.map { i in order.map { scores[i][$0] } }
        for given in cases where !given.isDetached {
            #expect(abs(try value(given.estimator, renamed) - value(given.estimator, scores)) < 1e-12)
        }
    }

    @Test("Equal scores tell nothing", arguments: cases) func equalScoresTellNothing(given: EstimatorCase) throws {
        let level = given.estimator.optimalOffset
        let scores = Naive.Rows(repeating: [Double](repeating: level, count: 7), count: 7)
        #expect(abs(try value(given.estimator, scores)) < 1e-12)
    }

    @Test("Ceilings are reached and not passed", arguments: [4, 64])
    func ceilings(count: Int) throws {
        let estimators: [any InformationEstimator] = [
            InfoNCEBound(), InterpolatedBound(alpha: 1), InterpolatedBound(alpha: 0.01), InterpolatedBound(alpha: 0.5),
        ]
        for estimator in estimators {
            let ceiling = try #require(estimator.ceiling(candidates: count))
            let perfect = (0..<count).map { i in (0..<count).map { $0 == i ? 500.0 : -500.0 } }
            #expect(abs(try value(estimator, perfect) - ceiling) < 1e-9)
            for scale in [1.0, 30] { #expect(try value(estimator, someScores(count, scale: scale)) <= ceiling + 1e-9) }
        }
        #expect(InfoNCEBound().ceiling(candidates: count) == log(Double(count)))
        for estimator in [
            NWJBound(), TUBABound(), TUBABound.halves, DonskerVaradhan(), JSBound(), SMILE(),
            InterpolatedBound(alpha: 0),
        ]
            as [any InformationEstimator]
        { #expect(estimator.ceiling(candidates: count) == nil) }
    }

    @Test("Huge scores give numbers, or minus infinity where the value is beyond the type", arguments: cases)
    func hugeScores(given: EstimatorCase) throws {
        for dtype in [DType.float32, .float64] {
            for level in [1e4, -1e4] {
                let scores = try Fixture.tensor(someScores(8).map { $0.map { $0 + level } }).to(dtype)
                let found = try given.estimator(scores).item()
                #expect(!found.isNaN && found < .infinity)
                let isDifference = ["tuba halves", "info_nce", "donsker_varadhan"].contains(given.testDescription)
                #expect(found.isFinite || (!isDifference && level > 0))
                if level < 0 { #expect(found.isFinite) }
                let leaf = try scores.clone().detach()
                try leaf.setRequiresGrad()
                let objective = try given.estimator.objective(leaf)
                guard given.estimator.name != "nwj", try objective.item().isFinite else { continue }
                try objective.backward()
                let gradient = try leaf.grad()
                let values: [Double] = try #require(gradient).toArray()
                #expect(values.allSatisfy { $0.isFinite })
            }
        }
        // One score that outweighs all others must not hide them: the log-mean without it is exact.
        var scores = someScores(8)
        scores[2][5] = 700
        for alpha in [0.5, 1] {
            let found = try value(InterpolatedBound(alpha: alpha), scores)
            let wanted = NaiveEstimators.interpolated(scores, alpha: alpha, logBaseline: 0)
            #expect(abs(found - wanted) < 1e-9 * abs(wanted))
        }
    }

    @Test func labelsSayWhatIsABound() throws {
        let kinds = Dictionary(uniqueKeysWithValues: EstimatorFamily.all.map { ($0.name, $0.kind) })
        #expect(kinds.filter { $0.value == .estimate }.keys.sorted() == ["donsker_varadhan", "smile"])
        #expect(kinds.count == 7)
    }

    @Test("Scores that are no such matrix are refused", arguments: cases) func shapes(given: EstimatorCase) throws {
        for shape in [[3, 4], [6], [1, 1], [2, 3, 3]] {
            #expect(throws: TorchError.self) { try given.estimator(.zeros(shape)) }
        }
    }

    @Test func settingsAreChecked() {
        let bad: [any InformationEstimator] = [
            InterpolatedBound(alpha: 1.5), InterpolatedBound(alpha: -0.1),
            InterpolatedBound(alpha: 0.1, logBaseline: .infinity),
            SMILE(clip: 0), SMILE(clip: .nan), TUBABound(logBaseline: .nan),
        ]
        for estimator in bad { #expect(throws: InvalidSetting.self) { try estimator.validate() } }
    }
}
