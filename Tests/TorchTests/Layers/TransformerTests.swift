import Foundation
import Testing

@testable import Torch

@Suite("Transformer layers")
struct TransformerTests {
    @Test func normalisesTheLastDimension() throws {
        let layer = try LayerNorm(4, eps: 0.01)
        let (weight, bias) = (Grid([4], stream: 51), Grid([4], stream: 52))
        try layer.load(stateDict: ["weight": weight.tensor(.float32), "bias": bias.tensor(.float32)])
        let x = Grid([2, 3, 4], stream: 53)
        let mean = x.reduce(2, keepdim: true) { $0.reduce(0, +) / 4 }
        let centred = Grid.combine(x, mean, -)
        let variance = centred.map { $0 * $0 }.reduce(2, keepdim: true) { $0.reduce(0, +) / 4 }
        let normal = Grid.combine(centred, variance) { $0 / ($1 + 0.01).squareRoot() }
        try expectEqual(
            layer(x.tensor(.float32)), Grid.combine(Grid.combine(normal, weight, *), bias, +), tolerance: 1e-6)
    }

    @Test func looksRowsUp() throws {
        let table = try Embedding(5, 3, std: 1, generator: Generator(seed: 2))
        let rows = try Grid(table.weight.value)
        let found = try table(Tensor([Int64(4), 0, 4, 2], shape: [2, 2]))
        try expectEqual(
            found, Grid([2, 2, 3], [4, 0, 4, 2].flatMap { row in (0..<3).map { rows[[row, $0]] } }), tolerance: 1e-7)
        try found.sum().backward()
        let gradient = try #require(try table.weight.value.grad())
        #expect(try gradient.toArray(Float.self) == [1, 0, 1, 0, 2].flatMap { [Float($0), Float($0), Float($0)] })
        #expect(throws: TorchError.self) { try table(Tensor([Int64(5)], shape: [1])) }
    }

    @Test func hasItsNonlinearities() throws {
        let x = Grid([7], [-6, -1, -0.1, 0, 0.1, 1, 6])
        try expectEqual(x.tensor().gelu(), x.map { $0 * (1 + erf($0 / 2.0.squareRoot())) / 2 })
        try expectEqual(x.tensor().sigmoid(), x.map { 1 / (1 + exp(-$0)) })
        let quick = TransformerActivation.quickGELU
        try expectEqual(quick(x.tensor()), x.map { $0 / (1 + exp(-1.702 * $0)) })
    }

    @Test("Attention is the written-out formula", arguments: [(1, false), (2, false), (3, true)])
    func attends(heads: Int, causal: Bool) throws {
        let (rows, length, width) = (2, 4, 6)
        let layer = try Attention(
            width: width, heads: heads, causal: causal, keys: .timm, stds: (0.5, 0.5),
            generator: Generator(seed: 3))
        #expect(layer.stateDict.keys.sorted() == ["proj.bias", "proj.weight", "qkv.bias", "qkv.weight"])
        let x = Grid([rows, length, width], stream: 54)
        let state = try layer.stateDict.mapValues { try Grid($0) }
        let (qkv, proj) = (try #require(state["qkv.weight"]), try #require(state["proj.weight"]))
        let size = width / heads
        func side(_ part: Int, _ n: Int, _ place: Int, _ number: Int) -> Double {
            (0..<width).reduce(0) { $0 + qkv[[part * width + number, $1]] * x[[n, place, $1]] }
        }
        var mixed = Grid([rows, length, width], Array(repeating: 0, count: rows * length * width))
        for index in Grid.indices([rows, length, heads]) {
            let (n, place, head) = (index[0], index[1], index[2])
            let seen = causal ? 0...place : 0...length - 1
            let scores = seen.map { other in
                (0..<size).reduce(0.0) {
                    $0 + side(0, n, place, head * size + $1) * side(1, n, other, head * size + $1)
                } / Double(size).squareRoot()
            }
            let weights = scores.map { exp($0) }
            for number in head * size..<(head + 1) * size {
                let sum = zip(seen, weights).reduce(0) { $0 + $1.1 * side(2, n, $1.0, number) }
                mixed.values[(n * length + place) * width + number] = sum / weights.reduce(0, +)
            }
        }
        let wanted = Grid(
            [rows, length, width],
            Grid.indices([rows, length, width]).map { index in
                (0..<width).reduce(0) { $0 + proj[[index[2], $1]] * mixed[[index[0], index[1], $1]] }
            })
        try expectEqual(layer(x.tensor(.float32)), wanted, tolerance: 1e-5)
    }

    @Test func headsMustDivide() throws {
        let layer = try Attention(
            width: 6, heads: 4, causal: false, keys: .timm, stds: (1, 1), generator: Generator(seed: 3))
        #expect(throws: TorchError.self) { try layer(Tensor.ones([1, 2, 6])) }
    }

    @Test("A block's gradient is that of differences", arguments: [TransformerKeys.timm, .clip])
    func gradients(keys: TransformerKeys) throws {
        let block = try TransformerBlock(
            .init(
                width: 4, heads: 2, hidden: 5, causal: keys == .clip,
                activation: keys == .clip ? .quickGELU : .gelu, keys: keys, eps: 1e-5,
                stds: (0.5, 0.5, 0.5, 0.5)), generator: Generator(seed: 6))
        #expect(block.stateDict.count == 12)
        for (_, parameter) in block.namedParameters {
            try parameter.replace { (value: Tensor) throws(TorchError) in try value.to(.float64) }
        }
        let (x, direction) = (try Grid([2, 3, 4], stream: 55).tensor(), try Grid([2, 3, 4], stream: 56).tensor())
        func loss() throws -> Tensor { try (block(x) * direction).sum() }
        try loss().backward()
        for (key, parameter) in block.namedParameters {
            let start = try Grid(parameter.value)
            var differences = start
            for index in start.values.indices {
                func value(_ offset: Double) throws -> Double {
                    var moved = start
                    moved.values[index] += offset
                    try parameter.value.copy(from: moved.tensor())
                    return try loss().item()
                }
                differences.values[index] = (try value(1e-6) - value(-1e-6)) / 2e-6
            }
            try parameter.value.copy(from: start.tensor())
            try expectEqual(#require(try parameter.value.grad()), differences, tolerance: 1e-6, "\(key)")
        }
    }

    @Test func keysAreThoseOfClip() throws {
        let block = try TransformerBlock(
            .init(
                width: 4, heads: 2, hidden: 8, causal: true, activation: .quickGELU, keys: .clip, eps: 1e-5,
                stds: (1, 1, 1, 1)), generator: Generator(seed: 6))
        #expect(
            block.stateDict.keys.sorted() == [
                "attn.in_proj_bias", "attn.in_proj_weight", "attn.out_proj.bias", "attn.out_proj.weight", "ln_1.bias",
                "ln_1.weight", "ln_2.bias", "ln_2.weight", "mlp.c_fc.bias", "mlp.c_fc.weight", "mlp.c_proj.bias",
                "mlp.c_proj.weight",
            ])
    }
}
