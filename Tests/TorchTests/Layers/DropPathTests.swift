import Testing

@testable import Torch

@Suite("Stochastic depth")
struct DropPathTests {
    private func kept(
        _ images: Tensor, weights: Tensor, rate: Double = 0.4, branches: Int = 3, block: Int = 2, part: Int = 0
    ) throws -> [Bool] {
        let drop = try #require(
            try DropPath(images: images, weights: weights, rate: rate, branches: branches, training: true))
        let x = try Tensor.ones([images.shape[0], 2, 3])
        let values: [Float] = try drop(x, block: block, part: part).toArray()
        let share = Float(1 / (1 - rate * Double(block) / Double(branches - 1)))
        return try stride(from: 0, to: values.count, by: 6).map { start in
            let row = values[start..<start + 6]
            try #require(row.allSatisfy { $0 == row.first })
            try #require(row.first == 0 || abs(row[start] - share) < 1e-6)
            return row[start] != 0
        }
    }

    @Test func dropsAsManyAsItShould() throws {
        let images = try Generator(seed: 5).normal([4000, 3, 2, 2], std: 1)
        let weights = try Tensor.ones([7])
        let all = try kept(images, weights: weights)
        let others = [
            try kept(images, weights: weights, part: 1), try kept(images, weights: weights, rate: 0.8, block: 1),
            try kept(images, weights: Tensor.full([7], 1.0001)),
        ]
        // Five standard deviations of the number of 4000.
        for one in [all] + others { #expect(abs(one.filter { $0 }.count - 2400) < 155) }
        // Each draw is independent of the first.
        for other in others {
            #expect(abs(zip(all, other).filter { $0 && $1 }.count - 1440) < 152)
        }
        #expect(try kept(images, weights: weights) == all)
        #expect(try kept(images.narrow(dim: 0, start: 1000, length: 50), weights: weights) == Array(all[1000..<1050]))
        #expect(try kept(images, weights: weights, block: 0).allSatisfy { $0 })
    }

    @Test func passesTheGradientOfWhatItKeeps() throws {
        let images = try Generator(seed: 6).normal([40, 3, 2, 2], std: 1)
        let drop = try #require(
            try DropPath(images: images, weights: .ones([2]), rate: 0.5, branches: 2, training: true))
        let x = try Tensor.ones([40, 4])
        try x.setRequiresGrad()
        let y = try drop(x, block: 1)
        try y.sum().backward()
        #expect(try #require(try x.grad()).toArray(Float.self) == y.detach().toArray())
    }

    @Test func doesNothingElsewhere() throws {
        let images = try Tensor.ones([2, 3, 2, 2])
        #expect(try DropPath(images: images, weights: images, rate: 0.5, branches: 2, training: false) == nil)
        #expect(try DropPath(images: images, weights: images, rate: 0, branches: 2, training: true) == nil)
        #expect(try DropPath(images: images, weights: images, rate: 0.5, branches: 1, training: true) == nil)
    }
}
