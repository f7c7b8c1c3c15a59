import Testing
import Torch

@testable import Contrast

@Suite("Logistic regression")
struct LogisticRegressionTests {
    @Test("The inverse is nearly one, whatever the condition", arguments: [1.0, 1e3, 1e7])
    func inverts(condition: Double) throws {
        // Eigenvalues 1...condition in a random basis: Q D Q^T with Q a product of reflections.
        let width = 12
        var matrix = try Tensor.eye(width, dtype: .float64) * 1
        for index in 0..<width {
            let vector = try Tensor(Fixture.hashed(width, stream: UInt64(index)), shape: [width, 1])
            let length = try (vector * vector).sum().item()
            matrix = try matrix - matrix.matmul(vector).matmul(vector.transpose(0, 1)) * (2 / length)
        }
        let scales = (0..<width).map { 1 + (condition - 1) * Double($0) / Double(width - 1) }
        let symmetric = try (matrix * Tensor(scales, shape: [1, width])).matmul(matrix.transpose(0, 1))
        let product = try symmetric.matmul(LogisticRegression.inverse(symmetric))
        let error: [Double] = try (product - Tensor.eye(width, dtype: .float64)).abs().reshape([-1]).toArray()
        #expect(error.allSatisfy { $0 < 1e-3 })
    }

    @Test("Blocks of rows change nothing but rounding", arguments: [1, 7, 39]) func blocks(block: Int) throws {
        let rows = try Tensor(Fixture.hashed(40 * 4, stream: 3), shape: [40, 4])
        let inputs = try Tensor.cat([rows, .ones([40, 1], dtype: .float64)], dim: 1)
        let labels = (0..<40).map { $0 * 7 % 3 }
        func minimum(_ block: Int?) throws -> LBFGS.Minimum {
            try LogisticRegression(inputs: inputs, labels: labels, classes: 3, cost: 2, block: block)
                .minimise(by: LBFGS(gradientTolerance: 1e-9))
        }
        let (one, several) = (try minimum(nil), try minimum(block))
        #expect(abs(one.value / several.value - 1) < 1e-12 && one.converged && several.converged)
        #expect(zip(one.point, several.point).allSatisfy { abs($0 - $1) < 1e-8 })
    }

    @Test("No block of logits is above 64 MiB, and ordinary data are one", arguments: [2, 10, 1000, 22_000])
    func blocksBoundTheMemory(classes: Int) {
        let block = LogisticRegression.block(classes: classes, on: .cpu)
        #expect(block >= 1 && block * classes * 8 <= 1 << 26)
        #expect(LinearProbe.steps(classes: classes) == (classes == 22_000 ? 100 : 2000))
        if classes == 10 { #expect(block > 60_000) }
        #expect(LinearProbe.history(weights: classes * 513) <= 10 && LinearProbe.history(weights: 1 << 28) == 3)
    }

    @Test("Features that depend on each other cost few steps") func convergesFast() throws {
        // One direction is a thousand times as wide as the others: without the inverse this takes more than 100 steps.
        let count = 400
        let noise = try Tensor(Fixture.hashed(count * 10, stream: 5), shape: [count, 10])
        let common = try Tensor(Fixture.hashed(count, stream: 6), shape: [count, 1])
        let features = try common * 1000 + noise
        let shares: [Double] = try noise.narrow(dim: 1, start: 0, length: 1).reshape([-1]).toArray()
        let labels = shares.map { $0 > 0.2 ? 2 : $0 > -0.3 ? 1 : 0 }
        let probe = try LinearProbe(features: features, labels: labels, classes: 3, cost: 100)
        #expect(probe.converged)
        #expect(probe.iterations < 60)
    }
}
