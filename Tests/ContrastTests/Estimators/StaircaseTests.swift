import Files
import Foundation
#if canImport(FoundationXML)
import FoundationXML
#endif
import Testing
import Torch

@testable import Contrast

@Suite("Staircase")
struct StaircaseTests {
    private func training(_ steps: Int) -> CriticTraining {
        var training = CriticTraining()
        var critic = SeparableCritic()
        (critic.hidden, critic.output) = (64, 16)
        training.critic = .init(critic)
        (training.steps, training.candidates) = (steps, 32)
        return training
    }

    @Test func aScaledCriticClimbs() throws {
        var test = GaussianTest()
        (test.levels, test.dimension) = ([1, 3], 4)
        let stair = try Staircase(InfoNCEBound(), test: test, training: training(400), seed: 1)
        for (level, next) in zip(stair.levels, [0.0, stair.levels[0].learnt?.mean ?? 9]) {
            let learnt = try #require(level.learnt)
            #expect(learnt.mean < level.optimal.mean + 4 * learnt.standardError)
            #expect(learnt.mean > 0.5 * level.optimal.mean)
            #expect(learnt.mean > next)
            #expect(level.learntCurve.count == 40 && level.optimalCurve.count == 40)
        }
        #expect(stair.ceiling == log(32))
    }

    @Test("What breaks each estimator, with the best critic")
    func whatBreaksEach() throws {
        let settings = training(0)
        func level(_ estimator: any InformationEstimator, _ information: Double) throws -> Staircase.Summary {
            var test = GaussianTest()
            test.levels = [information]
            return try #require(
                try Staircase(estimator, test: test, training: settings, seed: 2).levels.first
            ).optimal
        }
        // InfoNCE is pinned at log K, with hardly any variance.
        let pinned = try level(InfoNCEBound(), 10)
        #expect(pinned.mean > log(32) - 0.1 && pinned.mean < log(32) && pinned.deviation < 0.1)
        // NWJ's variance grows without bound.
        #expect(try level(NWJBound(), 8).deviation > 4 * level(NWJBound(), 2).deviation)
        // Donsker and Varadhan's and SMILE's lie above the truth.
        for estimator in [DonskerVaradhan(), SMILE()] as [any InformationEstimator] {
            let found = try level(estimator, 10)
            #expect(found.mean > 10 + 4 * found.standardError)
        }
    }

    @Test func theReportHasEveryNumber() throws {
        var test = GaussianTest()
        test.levels = [2, 4]
        let settings = training(0)
        var stairs: [Staircase] = []
        for estimator in [InfoNCEBound(), NWJBound()] as [any InformationEstimator] {
            stairs.append(try Staircase(estimator, test: test, training: settings, seed: 3))
        }
        let report = StaircaseReport(stairs, test: test, training: settings)
        #expect(report.lines.contains { $0.hasPrefix("info_nce") && $0.contains("bound") && $0.contains("3.47") })
        #expect(try JSON.value(StaircaseReport.self, from: report.json()).stairs.count == 2)
        let picture = report.picture.text
        #expect(picture.contains("nwj (bound)") && picture.contains("prefers-color-scheme:dark"))
        #expect(XMLParser(data: Data(picture.utf8)).parse())
    }

    @Test func theBoundSaturates() throws {
        var test = GaussianTest()
        test.levels = [2, 10]
        let curve = try SaturationCurve(test, candidates: [4, 64, 512], pairs: 4096, seed: 4)
        for line in curve.curves {
            for point in line.points {
                #expect(point.value < log(Double(point.candidates)))
                #expect(point.value < line.information + 4 * point.standardError)
            }
            #expect(line.points.map(\.value) == line.points.map(\.value).sorted())
        }
        #expect(curve.curves[1].points[1].value > log(64) - 0.06)
        #expect(XMLParser(data: Data(curve.picture.text.utf8)).parse())
        #expect(curve.lines.count == 6)
    }

    @Test("InfoNCE's critic learns the pointwise information up to a function of one argument")
    func pointwiseInformation() throws {
        let bed = CorrelatedGaussians(information: 2, dimension: 2)
        let found = try PointwiseRegression(bed, training: training(1500), pairs: 256, seed: 5)
        #expect((0.75..<1.25).contains(found.slope), "\(found)")
        #expect(found.rSquared > 0.8, "\(found)")
        // The log ratio itself, whatever is added along rows and columns.
        let (x, y) = try bed.sample(50, from: Generator(seed: 1))
        let ratio = try bed.logRatio(x, y)
        let itself = try PointwiseRegression(
            scores: ratio * 2 + x.sum(dim: 1).unsqueeze(1) + y.sum(dim: 1).unsqueeze(0), logRatio: ratio)
        #expect(abs(itself.slope - 2) < 1e-9 && abs(itself.rSquared - 1) < 1e-9)
        let other = try PointwiseRegression(scores: Generator(seed: 2).normal([50, 50], std: 1), logRatio: ratio)
        #expect(other.rSquared < 0.02)
    }
}
