import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("L-BFGS")
struct LBFGSTests {
    @Test(arguments: [1.0, 1e3, 1e6])
    func findsTheMinimumOfAnIllConditionedQuadratic(condition: Double) {
        let scales = (0..<20).map { 1 + (condition - 1) * Double($0) / 19 }
        let target = (0..<20).map { Double($0) - 7.5 }
        let minimum = LBFGS(gradientTolerance: 1e-9).minimise(from: [Double](repeating: 0, count: 20)) { point in
            let offsets = zip(point, target).map { $0 - $1 }
            let value = zip(offsets, scales).map { 0.5 * $1 * $0 * $0 }.reduce(0, +)
            return (value, zip(offsets, scales).map { $0 * $1 })
        }
        #expect(minimum.converged)
        for (found, wanted) in zip(minimum.point, target) { #expect(abs(found - wanted) < 1e-6) }
    }

    @Test func theInverseHessianSavesSteps() throws {
        let scales = (0..<20).map { 1 + 1e6 * Double($0) / 19 }
        func evaluate(_ point: [Double]) throws(StateError) -> (value: Double, gradient: [Double]) {
            let value = zip(point, scales).map { 0.5 * $1 * ($0 - 1) * ($0 - 1) }.reduce(0, +)
            return (value, zip(point, scales).map { ($0 - 1) * $1 })
        }
        // Up to a factor, which is found from the curvature.
        func precondition(_ gradient: [Double]) throws(StateError) -> [Double] {
            zip(gradient, scales).map { 17 * $0 / $1 }
        }
        let start = [Double](repeating: 0, count: 20)
        let search = LBFGS(gradientTolerance: 1e-9)
        let plain = try search.minimise(from: start, evaluate)
        let minimum = try search.minimise(from: start, preconditioned: precondition, evaluate)
        #expect(minimum.converged && minimum.iterations <= 5 && minimum.iterations < plain.iterations)
        for found in minimum.point { #expect(abs(found - 1) < 1e-6) }
    }

    @Test func findsTheMinimumOfALogisticLoss() {
        // log(1 + e^-x) + log(1 + e^{x - 1}) + x^2 / 2, whose derivative vanishes at one point only.
        let minimum = LBFGS(gradientTolerance: 1e-12).minimise(from: [5]) { point in
            let x = point[0]
            let value = log1p(exp(-x)) + log1p(exp(x - 1)) + x * x / 2
            return (value, [-1 / (1 + exp(x)) + 1 / (1 + exp(1 - x)) + x])
        }
        let x = minimum.point[0]
        #expect(abs(-1 / (1 + exp(x)) + 1 / (1 + exp(1 - x)) + x) < 1e-10)
    }

    @Test("A function without a value has no minimum", arguments: [Double.nan, .infinity])
    func valuesThatAreNoNumbers(value: Double) {
        let minimum = LBFGS(gradientTolerance: 1e-6).minimise(from: [1, 2]) { point in (value, [value, 0]) }
        #expect(!minimum.converged)
        #expect(minimum.point == [1, 2])
    }

    @Test func saysWhenItDidNotConverge() {
        let minimum = LBFGS(maximumIterations: 1, gradientTolerance: 1e-12).minimise(from: [3, 4]) { point in
            (point[0] * point[0] + 100 * point[1] * point[1], [2 * point[0], 200 * point[1]])
        }
        #expect(!minimum.converged)
    }
}
