import Foundation
import Testing

@testable import Torch

@Suite("Cross entropies without the matrix of scores")
struct ProductEntropyTests {
    /// Sizes around the kernels' groups and the tile's 192 rows.
    static let sizes = [1, 2, 3, 7, 48, 95, 96, 97, 193, 210]
    static let scales = [1.0, 2, 14, 40, 100]

    private func rows(_ count: Int, _ size: Int, seed: UInt64, unit: Bool = true) throws -> Tensor {
        let z = try Generator(seed: seed).normal([count, size], std: unit ? 1 : 0.3)
        return unit ? try z.normalizedRows().detach() : z
    }

    /// A value with the gradients of leaves that begin as `rows`.
    private func run(
        _ rows: [Tensor], _ dtype: DType, _ loss: ([Tensor]) throws -> Tensor
    ) throws -> (value: Double, gradients: [[Double]]) {
        let leaves = try rows.map { try $0.detach().clone().to(dtype) }
        for leaf in leaves { try leaf.setRequiresGrad() }
        let value = try loss(leaves)
        // What comes from above is passed on.
        try (value * 3).backward()
        let gradients = try leaves.map { leaf -> [Double] in
            guard let gradient = try leaf.grad() else { return Array(repeating: 0, count: leaf.count) }
            return try gradient.toArray(Double.self).map { $0 / 3 }
        }
        return (try value.item(), gradients)
    }

    private func compare(
        _ rows: [Tensor], _ note: Comment, floor: Double = 1e-6, tiled: ([Tensor]) throws -> Tensor,
        plain: ([Tensor]) throws -> Tensor
    ) throws {
        let (found, wanted) = (try run(rows, .float32, tiled), try run(rows, .float64, plain))
        #expect(abs(found.value - wanted.value) <= 2e-6 * max(1, abs(wanted.value)), note)
        let largest = wanted.gradients.joined().reduce(floor) { max($0, abs($1)) }
        let errors = zip(found.gradients.joined(), wanted.gradients.joined()).map { abs($0 - $1) }
        #expect((errors.max() ?? .nan) <= 1e-5 * largest, note)
    }

    private func ofViews(_ z: Tensor, _ scale: Double, decoupled: Bool) throws -> Tensor {
        let count = z.shape[0]
        let scores = try z.matmul(z.transpose(0, 1)) * scale
        let partners = try Tensor((0..<count).map { Int64(($0 + count / 2) % count) }, shape: [count, 1])
        var others = try scores.maskedFill(Tensor.eye(count, dtype: .bool, device: .cpu), -.infinity)
        if decoupled { others = try others.maskedFill(Tensor.arange(count).unsqueeze(0).eq(partners), -.infinity) }
        return try (others.logsumexp(dim: 1) - scores.gather(dim: 1, index: partners).squeeze(1)).mean()
    }

    private func ofPairs(_ x: Tensor, _ y: Tensor, _ scale: Double, symmetric: Bool, factor: Tensor?) throws -> Tensor {
        var scores = try x.matmul(y.transpose(0, 1)) * scale
        if let factor { scores = try scores * factor }
        let positives = try (x * y).sum(dim: 1) * scale * (factor ?? Tensor.ones([], dtype: x.dtype))
        let rows = try (scores.logsumexp(dim: 1) - positives).mean()
        return symmetric ? try (rows + (scores.logsumexp(dim: 0) - positives).mean()) / 2 : rows
    }

    @Test("Views among themselves", arguments: sizes, scales) func views(pairs: Int, scale: Double) throws {
        // One pair has no gradient: what is left is rounding, which the scale multiplies.
        for (size, decoupled) in [(33, false), (5, false), (33, true)] where pairs > 1 || !decoupled {
            let z = try rows(2 * pairs, size, seed: UInt64(pairs))
            try compare([z], "\(pairs) pairs of \(size), decoupled \(decoupled)", floor: pairs == 1 ? scale : 1e-6) {
                try ProductEntropy(scale: scale, decoupled: decoupled).ofViews($0[0])
            } plain: {
                try ofViews($0[0], scale, decoupled: decoupled)
            }
        }
    }

    @Test("Pairs, in one direction and in both", arguments: sizes, scales) func pairs(count: Int, scale: Double) throws
    {
        let both = [try rows(count, 33, seed: 1), try rows(count, 33, seed: 2)]
        for symmetric in [false, true] {
            try compare(both + [Tensor.full([], 0.7)], "symmetric \(symmetric)") {
                try ProductEntropy(scale: scale).ofPairs($0[0], $0[1], symmetric: symmetric, factor: $0[2])
            } plain: {
                try ofPairs($0[0], $0[1], scale, symmetric: symmetric, factor: $0[2])
            }
        }
    }

    @Test("Queries with a queue", arguments: [1, 5, 200], [1, 50, 401]) func queries(count: Int, negatives: Int) throws
    {
        for (scale, decoupled) in [(1.0, false), (5, true), (100, false)] {
            let all = [
                try rows(count, 20, seed: 3), try Generator(seed: 4).uniform([count], -1, 1),
                try rows(negatives, 20, seed: 5),
            ]
            try compare(all, "scale \(scale), decoupled \(decoupled)") {
                try ProductEntropy(scale: scale, decoupled: decoupled).ofQueries(
                    $0[0], positives: $0[1] * scale, negatives: $0[2])
            } plain: {
                let (positives, scores) = (try $0[1] * scale, try $0[0].matmul($0[2].transpose(0, 1)) * scale)
                let all = decoupled ? scores : try Tensor.cat([positives.unsqueeze(1), scores], dim: 1)
                return try (all.logsumexp(dim: 1) - positives).mean()
            }
        }
    }

    @Test("Rows of any length") func longRows() throws {
        let z = try rows(100, 40, seed: 6, unit: false) * 30
        try compare([z], "long rows") {
            try ProductEntropy(scale: 0.05).ofViews($0[0])
        } plain: {
            try ofViews($0[0], 0.05, decoupled: false)
        }
    }

    @Test("All processors' kernels agree", arguments: [2.0, 100]) func kernels(scale: Double) throws {
        let names: [Kernels] = [.any, .avx2, .avx512]
        let z = try rows(500, 31, seed: 7)
        var seen = 0
        for name in names {
            var settings = ProductEntropy(scale: scale)
            settings.kernels = name
            guard let found = try? settings.ofViews(z).item() else { continue }
            seen += 1
            #expect(try abs(found - settings.ofViews(z).item()) == 0)
            try compare([z], "\(name)") {
                try settings.ofViews($0[0])
            } plain: {
                try ofViews($0[0], scale, decoupled: false)
            }
        }
        #expect(seen >= 1)
    }

    /// What a GPU computes large batches by.
    @Test("Blocks of rows by libtorch's operations", arguments: [2, 7, 50], [1, 100, 333, 0])
    func blocks(count: Int, atOnce: Int) throws {
        func settings(_ scale: Double, decoupled: Bool = false) -> ProductEntropy {
            var settings = ProductEntropy(scale: scale, decoupled: decoupled)
            (settings.kernels, settings.atOnce) = (.libtorch, atOnce)
            return settings
        }
        for (scale, decoupled) in [(2.0, false), (40, false), (5, true)] {
            try compare([try rows(2 * count, 12, seed: 10)], "views, scale \(scale), decoupled \(decoupled)") {
                try settings(scale, decoupled: decoupled).ofViews($0[0])
            } plain: {
                try ofViews($0[0], scale, decoupled: decoupled)
            }
            let queue = [
                try rows(count, 12, seed: 11), try Generator(seed: 12).uniform([count], -1, 1),
                try rows(31, 12, seed: 13),
            ]
            try compare(queue, "queue, scale \(scale), decoupled \(decoupled)") {
                try settings(scale, decoupled: decoupled).ofQueries($0[0], positives: $0[1] * scale, negatives: $0[2])
            } plain: {
                let (positives, scores) = (try $0[1] * scale, try $0[0].matmul($0[2].transpose(0, 1)) * scale)
                let all = decoupled ? scores : try Tensor.cat([positives.unsqueeze(1), scores], dim: 1)
                return try (all.logsumexp(dim: 1) - positives).mean()
            }
        }
        let both = [try rows(count, 12, seed: 14), try rows(count, 12, seed: 15), try Tensor.full([], 0.7)]
        for symmetric in [false, true] {
            try compare(both, "pairs, symmetric \(symmetric)") {
                try settings(9).ofPairs($0[0], $0[1], symmetric: symmetric, factor: $0[2])
            } plain: {
                try ofPairs($0[0], $0[1], 9, symmetric: symmetric, factor: $0[2])
            }
        }
    }

    @Test("Gradients are those of differences") func differences() throws {
        let z = try rows(12, 4, seed: 8)
        let found = try run([z], .float32) { try ProductEntropy(scale: 3).ofViews($0[0]) }.gradients[0]
        let values: [Double] = try z.toArray()
        for place in values.indices {
            func at(_ step: Double) throws -> Double {
                var moved = values
                moved[place] += step
                return try ProductEntropy(scale: 3).ofViews(Tensor(moved, shape: [12, 4]).to(.float32)).item()
            }
            #expect(try abs((at(0.01) - at(-0.01)) / 0.02 - found[place]) < 2e-4)
        }
    }

    @Test("The same bits on one thread and on several") func threads() throws {
        let z = try rows(1500, 24, seed: 9)
        func both(_ threads: Int) throws -> (Double, [Double]) {
            try Runtime.setThreads(threads)
            let all = try run([z], .float32) { try ProductEntropy(scale: 10).ofViews($0[0]) }
            return (all.value, all.gradients[0])
        }
        let (one, three) = (try both(1), try both(3))
        try Runtime.setThreads(ProcessInfo.processInfo.activeProcessorCount)
        #expect(one.0 == three.0 && one.1 == three.1)
    }

    @Test("What it cannot do is an error") func errors() throws {
        let z = try Tensor.ones([4, 3])
        #expect(throws: TorchError.self) { try ProductEntropy(scale: 0).ofViews(z) }
        #expect(throws: TorchError.self) { try ProductEntropy(scale: 1).ofViews(.ones([3, 3])) }
        #expect(throws: TorchError.self) { try ProductEntropy(scale: 1).ofPairs(z, .ones([4, 2])) }
        #expect(throws: TorchError.self) { try ProductEntropy(scale: 1).ofPairs(z, .ones([5, 3])) }
        #expect(throws: TorchError.self) { try ProductEntropy(scale: 1).ofViews(z.to(.float64)) }
        #expect(!ProductEntropy.serves(try z.to(.float64)))
        let value = try ProductEntropy(scale: 1).ofViews(.full([4, 3], .nan)).item()
        #expect(value.isNaN)
    }
}
