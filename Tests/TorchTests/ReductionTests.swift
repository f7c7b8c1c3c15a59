import Foundation
import Testing

@testable import Torch

/// A reduction of libtorch over a dimension beside the same over a list.
struct Reduction: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let torch: @Sendable (Tensor, Int, Bool) throws -> Tensor
    let plain: @Sendable ([Double]) -> Double

    init(
        _ name: String, _ torch: @escaping @Sendable (Tensor, Int, Bool) throws -> Tensor,
        _ plain: @escaping @Sendable ([Double]) -> Double
    ) {
        testDescription = name
        self.torch = torch
        self.plain = plain
    }

    static let all = [
        Reduction("sum", { try $0.sum(dim: $1, keepdim: $2) }, { $0.reduce(0, +) }),
        Reduction("mean", { try $0.mean(dim: $1, keepdim: $2) }, { $0.reduce(0, +) / Double($0.count) }),
        Reduction("max", { try $0.max(dim: $1, keepdim: $2) }, { $0.reduce(-.infinity, max) }),
        Reduction("logsumexp", { try $0.logsumexp(dim: $1, keepdim: $2) }, { log($0.reduce(0) { $0 + exp($1) }) }),
        Reduction("norm", { try $0.norm(dim: $1, keepdim: $2) }, { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }),
    ]
}

@Suite("Reductions")
struct ReductionTests {
    private let grid = Grid([2, 3, 4], stream: 11)

    @Test(arguments: Reduction.all, [false, true]) func overADimension(reduction: Reduction, keepdim: Bool) throws {
        for dim in 0..<3 {
            try expectEqual(
                reduction.torch(grid.tensor(), dim, keepdim), grid.reduce(dim, keepdim: keepdim, reduction.plain))
            // Negative dimensions count from the end.
            try expectEqual(
                reduction.torch(grid.tensor(), dim - 3, keepdim), grid.reduce(dim, keepdim: keepdim, reduction.plain))
        }
    }

    @Test func overEverything() throws {
        let total = grid.values.reduce(0, +)
        try expectEqual(grid.tensor().sum(), Grid([], [total]))
        try expectEqual(grid.tensor().mean(), Grid([], [total / 24]))
        try expectEqual(Tensor([3.0], shape: []).sum(), Grid([], [3]))
        let means = grid.reduce(2, keepdim: false) { $0.reduce(0, +) / 4 }
            .reduce(1, keepdim: false) { $0.reduce(0, +) / 3 }
        try expectEqual(grid.tensor().mean(dims: [1, 2]), means)
        try expectEqual(grid.tensor().mean(dims: [1, 2], keepdim: true), Grid([2, 1, 1], means.values))
    }

    @Test func sharesOfExponentials() throws {
        let sums = grid.reduce(1, keepdim: true) { $0.reduce(0) { $0 + exp($1) } }
        try expectEqual(grid.tensor().softmax(dim: 1), .combine(grid, sums) { exp($0) / $1 })
        try expectEqual(grid.tensor().logSoftmax(dim: 1), .combine(grid, sums) { $0 - log($1) })
        // Without the maximum subtracted these would be infinite.
        let large = try Tensor([Float(1000), 1001], shape: [1, 2])
        #expect(try abs(large.logsumexp(dim: 1).item() - 1001.3132617) < 1e-3)
        #expect(try large.logSoftmax(dim: 1).isFinite().toArray(UInt8.self) == [1, 1])
    }

    @Test func placesOfTheLargest() throws {
        let tensor = try Tensor([3.0, 9, -1, 4, 8, 2, 7, 0], shape: [2, 4])
        let argmax = try tensor.argmax(dim: 1)
        #expect(argmax.dtype == .int64)
        #expect(try argmax.toArray(Int64.self) == [1, 0])
        let best = try tensor.topk(2, dim: 1)
        #expect(try best.values.toArray(Double.self) == [9, 4, 8, 7])
        #expect(try best.indices.toArray(Int64.self) == [1, 3, 0, 2])
        #expect(throws: TorchError.self) { try tensor.topk(5, dim: 1) }
    }

    @Test func singularValues() throws {
        // Turned and stretched by known factors: A = R diag(3, 1/2) R'.
        let (c, s) = (cos(0.7), sin(0.7))
        let turn = Grid([2, 2], [c, -s, s, c])
        let stretched = Grid.product(.product(turn, Grid([2, 2], [3, 0, 0, 0.5])), turn)
        try expectEqual(stretched.tensor().svdvals(), Grid([2], [3, 0.5]), tolerance: 1e-14)
    }

    @Test func dimensionsThatAreNotThere() throws {
        let error = #expect(throws: TorchError.self) { try grid.tensor().sum(dim: 3) }
        #expect(error?.message.contains("Dimension out of range") == true)
    }
}
