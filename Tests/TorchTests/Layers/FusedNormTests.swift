import Testing

@testable import Torch

/// Batch norm in training with addition and ReLU, and their gradients, written out in float64.
private struct NaiveNorm {
    var y: [Double] = []
    var dx: [Double] = []
    var dShortcut: [Double] = []
    var dWeight: [Double]
    var dBias: [Double]
    var mean: [Double]
    var variance: [Double]

    init(
        _ x: [Double], shape: [Int], weight: [Double], bias: [Double], shortcut: [Double]?,
        activation: Activation, dy: [Double]
    ) {
        let (channels, extent) = (shape[1], shape[2...].reduce(1, *))
        let count = Double(x.count / channels)
        let zeros = Array(repeating: 0.0, count: channels)
        let channel = x.indices.map { $0 / extent % channels }
        (mean, variance, dWeight, dBias) = (zeros, zeros, zeros, zeros)
        for i in x.indices { mean[channel[i]] += x[i] / count }
        for i in x.indices { variance[channel[i]] += (x[i] - mean[channel[i]]) * (x[i] - mean[channel[i]]) / count }
        let deviation = variance.map { ($0 + 1e-5).squareRoot() }
        let normal = x.indices.map { (x[$0] - mean[channel[$0]]) / deviation[channel[$0]] }
        for i in x.indices {
            let c = channel[i]
            let value = normal[i] * weight[c] + bias[c] + (shortcut?[i] ?? 0)
            let bounds: (Double, Double) =
                switch activation {
                case .none: (-.infinity, .infinity)
                case .relu: (0, .infinity)
                case .relu6: (0, 6)
                }
            let open = value > bounds.0 && value < bounds.1
            y.append(min(max(value, bounds.0), bounds.1))
            dShortcut.append(open ? dy[i] : 0)
            dBias[c] += dShortcut[i]
            dWeight[c] += dShortcut[i] * normal[i]
        }
        for i in x.indices {
            let c = channel[i]
            dx.append((dShortcut[i] - dBias[c] / count - normal[i] * dWeight[c] / count) * weight[c] / deviation[c])
        }
        // What moves the running variance is unbiased.
        variance = variance.map { $0 * count / (count - 1) }
    }
}

@Suite("Batch norm with addition and ReLU")
struct FusedNormTests {
    /// Odd numbers of channels and extents; more numbers than one part, one panel of channels or one run of a plane
    /// has.
    static let shapes =
        [1, 3, 8, 17, 64].flatMap { [[5, $0, 1, 1], [4, $0, 3, 5], [3, $0, 16, 16]] }
        + [[5, 3], [67, 19], [300, 520], [41, 13, 16, 16], [2, 3, 37, 31]]
    static let kernels: [Kernels] = [.libtorch, .any, .avx2, .avx512]

    struct Found {
        var y: Tensor
        var gradients: [Tensor]
        var norm: BatchNorm
    }

    private func run(
        _ x: Tensor, weight: Tensor, bias: Tensor, shortcut: Tensor?, activation: Activation, dy: Tensor,
        kernels: Kernels
    ) throws -> Found {
        let norm = try BatchNorm(x.shape[1])
        try norm.load(stateDict: [
            "weight": weight, "bias": bias, "running_mean": .zeros(weight.shape), "running_var": .zeros(weight.shape),
        ])
        norm.kernels = kernels
        let leaves = try ([x] + (shortcut.map { [$0] } ?? [])).map { try $0.detach().clone() }
        for leaf in leaves { try leaf.setRequiresGrad() }
        let y = try norm(leaves[0], training: true, then: activation, adding: shortcut == nil ? nil : leaves[1])
        try (y * dy).sum().backward()
        let gradients = try (leaves + [norm.weight.value, norm.bias.value]).map { try #require(try $0.grad()) }
        return Found(y: y, gradients: gradients, norm: norm)
    }

    /// All kernels that this processor runs, on planes and with the channels innermost.
    private func check(
        _ x: Grid, activation: Activation, adds: Bool, kernels: [Kernels] = kernels, tolerance: Double = 3e-6
    ) throws {
        let channels = [x.shape[1]]
        // As float32 has them.
        let (x, shortcut, dy) = (
            try Grid(x.tensor(.float32)), try Grid(Grid(x.shape, stream: 62).tensor(.float32)),
            try Grid(Grid(x.shape, stream: 63).tensor(.float32))
        )
        let (weight, bias) = (
            try Grid(Grid(channels, stream: 64, from: -7, to: 7).tensor(.float32)),
            try Grid(Grid(channels, stream: 65).tensor(.float32))
        )
        let wanted = NaiveNorm(
            x.values, shape: x.shape, weight: weight.values, bias: bias.values,
            shortcut: adds ? shortcut.values : nil, activation: activation, dy: dy.values)
        var seen = 0
        for name in kernels {
            // libtorch's own sums with the channels innermost are in float32 throughout; of many numbers, one may then
            // be on the other side of zero.
            let plain = name == .libtorch
            if plain, x.values.count > 50_000 { continue }
            let tolerance = plain ? 5 * tolerance : tolerance
            for innermost in x.shape.count == 4 ? [false, true] : [false] {
                let note: Comment = "\(x.shape), \(name), channels innermost \(innermost), \(activation) \(adds)"
                func laid(_ grid: Grid) throws -> Tensor {
                    let tensor = try grid.tensor(.float32)
                    return innermost ? try tensor.channelsLast() : tensor
                }
                let found: Found
                do {
                    found = try run(
                        laid(x), weight: weight.tensor(.float32), bias: bias.tensor(.float32),
                        shortcut: adds ? laid(shortcut) : nil, activation: activation, dy: dy.tensor(.float32),
                        kernels: name)
                } catch let error as TorchError where error.message.contains("does not run kernels") {
                    continue
                }
                seen += 1
                try expectEqual(found.y, Grid(x.shape, wanted.y), tolerance: tolerance, note)
                let slopes =
                    [Grid(x.shape, wanted.dx)] + (adds ? [Grid(x.shape, wanted.dShortcut)] : [])
                    + [Grid(channels, wanted.dWeight), Grid(channels, wanted.dBias)]
                for (gradient, slope) in zip(found.gradients, slopes) {
                    try expectEqual(gradient, slope, tolerance: tolerance, note)
                }
                try expectEqual(
                    found.norm.runningMean.value, Grid(channels, wanted.mean.map { $0 * 0.1 }), tolerance: tolerance,
                    note)
                try expectEqual(
                    found.norm.runningVar.value, Grid(channels, wanted.variance.map { $0 * 0.1 }), tolerance: tolerance,
                    note)
                #expect(try found.norm.numBatchesTracked.value.item() == 1)
            }
        }
        #expect(seen >= 2)
    }

    @Test(arguments: shapes) func agreesWithFloat64(shape: [Int]) throws {
        for activation in [.none, .relu, .relu6] as [Activation] {
            for adds in [false, true] {
                try check(Grid(shape, stream: 61, from: -1, to: 3), activation: activation, adds: adds)
            }
        }
    }

    @Test func keepsItsDigitsFarFromZero() throws {
        // float32 has 2^-24 of a thousand; the difference of two squares would have nothing left.
        let kernels = Array(Self.kernels.dropFirst())
        let (planes, rows) = (
            Grid([30, 3, 9, 9], stream: 66, from: 1000, to: 1001), Grid([2000, 20], stream: 66, from: 1000, to: 1001)
        )
        try check(planes, activation: .relu, adds: true, kernels: kernels, tolerance: 3e-4)
        try check(rows, activation: .none, adds: false, kernels: kernels, tolerance: 3e-4)
    }

    @Test(arguments: kernels, [Activation.relu, .relu6])
    func letsNaNThrough(kernels: Kernels, activation: Activation) throws {
        var values = Grid([4, 3, 5, 5], stream: 67)
        values.values[30] = .nan
        let ones = try Tensor.ones([3])
        for (innermost, adds) in [(false, false), (false, true), (true, false), (true, true)] {
            let plain = try values.tensor(.float32)
            let x = innermost ? try plain.channelsLast() : plain
            let found: Found
            do {
                found = try run(
                    x, weight: ones, bias: ones, shortcut: adds ? x : nil, activation: activation,
                    dy: Tensor.ones(x.shape), kernels: kernels)
            } catch let error as TorchError where error.message.contains("does not run kernels") {
                return
            }
            for tensor in [found.y, found.gradients[0]] {
                let numbers: [Float] = try tensor.toArray()
                #expect(numbers.indices.allSatisfy { numbers[$0].isNaN == ($0 / 25 % 3 == 1) })
            }
        }
    }

    @Test func takesAnyLayout() throws {
        // Neither planes nor channels innermost, and a shortcut that lies otherwise than the input.
        let (x, dy) = (Grid([6, 7, 4, 5], stream: 68), Grid([6, 7, 4, 5], stream: 69))
        let (weight, bias) = (try Tensor.ones([7]), try Tensor.zeros([7]))
        let wanted = NaiveNorm(
            x.values, shape: x.shape, weight: Array(repeating: 1, count: 7), bias: Array(repeating: 0, count: 7),
            shortcut: x.values, activation: .relu, dy: dy.values)
        let plain = try x.tensor(.float32)
        let turned = try plain.transpose(2, 3).contiguous().transpose(2, 3)
        for (own, other) in [(turned, plain), (plain, turned), (try plain.channelsLast(), plain)] {
            let found = try run(
                own, weight: weight, bias: bias, shortcut: other, activation: .relu, dy: dy.tensor(.float32),
                kernels: .fastest
            )
            try expectEqual(found.y, Grid(x.shape, wanted.y), tolerance: 3e-6)
            try expectEqual(found.gradients[0], Grid(x.shape, wanted.dx), tolerance: 3e-6)
            try expectEqual(found.gradients[1], Grid(x.shape, wanted.dShortcut), tolerance: 3e-6)
        }
    }

    @Test func isTheSameInEvaluation() throws {
        let norm = try BatchNorm(3)
        let (x, shortcut) = (try Grid([4, 3, 2, 3], stream: 70).tensor(.float32), try Tensor.full([4, 3, 2, 3], 0.25))
        let sum = try norm(x, training: false) + shortcut
        let wanted: [Float] = try sum.relu().toArray()
        #expect(try norm(x, training: false, then: .relu, adding: shortcut).toArray() == wanted)
        #expect(
            try norm(x * 9, training: false, then: .relu6).toArray()
                == norm(x * 9, training: false).toArray(Float.self).map { min(max($0, 0), 6) })
    }

    @Test func refusesWhatItCannotTake() throws {
        let norm = try BatchNorm(3)
        let single = #expect(throws: TorchError.self) { try norm(Tensor.ones([1, 3]), training: true, then: .relu) }
        #expect(single?.message.contains("more than one value per channel") == true)
        #expect(throws: TorchError.self) { try norm(Tensor.ones([2, 4]), training: true) }
        #expect(throws: TorchError.self) { try norm(Tensor.ones([2, 3]), training: true, adding: .ones([2, 4])) }
    }

    @Test func doesNotDependOnThreads() async {
        await #expect(processExitsWith: .success) {
            let x = try Grid([64, 24, 20, 20], stream: 71).tensor(.float32)
            let (tests, ones) = (FusedNormTests(), try Tensor.ones([24]))
            var results: [[[Float]]] = []
            for threads in [1, 2, 3, 2] {
                try Runtime.setThreads(threads)
                let found = try tests.run(
                    x.channelsLast(), weight: ones, bias: ones, shortcut: x, activation: .relu, dy: x, kernels: .fastest
                )
                results.append(try ([found.y, found.norm.runningVar.value] + found.gradients).map { try $0.toArray() })
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }
    }
}
