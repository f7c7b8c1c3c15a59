import Testing

@testable import Torch

@Suite("Convolutions without gradients")
struct InferenceConv2dTests {
    static let kernels: [Kernels] = [.fastest, .any, .avx2, .avx512]
    /// Images, inputs, outputs, sides, kernel and stride: whole tiles and parts of them, few channels and many, those
    /// that have transforms and others, and too few tiles for them.
    static let shapes = [
        [16, 16, 16, 3, 3, 3, 1], [17, 16, 48, 4, 4, 3, 1], [5, 32, 16, 5, 7, 3, 1], [3, 64, 32, 9, 6, 3, 1],
        [5, 80, 96, 7, 7, 3, 1], [9, 64, 64, 30, 32, 3, 1], [2, 3, 16, 9, 8, 3, 1], [6, 16, 32, 9, 7, 3, 2],
        [6, 16, 32, 9, 7, 1, 1], [6, 16, 32, 9, 7, 1, 2], [2, 3, 16, 31, 20, 7, 2], [1, 16, 16, 8, 8, 3, 1],
        [4, 24, 8, 8, 8, 3, 1],
    ]

    private struct Sample {
        var x, weight, bias, shortcut: Tensor
        let stride, padding: Int

        init(_ shape: [Int]) throws {
            let generator = try Generator(seed: 82)
            (stride, padding) = (shape[6], shape[5] / 2)
            x = try generator.normal([shape[0], shape[1], shape[3], shape[4]], std: 1).channelsLast()
            weight = try generator.normal([shape[2], shape[1], shape[5], shape[5]], std: 0.2)
            bias = try generator.normal([shape[2]], std: 1)
            let sides = shape[3...4].map { ($0 - 1) / shape[6] + 1 }
            shortcut = try generator.normal([shape[0], shape[2]] + sides, std: 1)
        }

        /// Of the same numbers in float64.
        func wanted(adding: Bool, then activation: Activation) throws -> Tensor {
            var y = try x.to(.float64).conv2d(
                weight: weight.to(.float64), bias: bias.to(.float64), stride: stride, padding: padding,
                kernels: .libtorch
            )
            if adding { y = try y + shortcut.to(.float64) }
            return try activation.inPlace(y)
        }

        func layer(_ kernels: Kernels) throws -> InferenceConv2d? {
            do {
                return try InferenceConv2d(
                    weight: weight, bias: bias, stride: stride, padding: padding, kernels: kernels)
            } catch let error where error.message.contains("does not run kernels") {
                return nil
            }
        }
    }

    @Test(arguments: shapes, [false, true]) func agreesWithFloat64(shape: [Int], adding: Bool) throws {
        let sample = try Sample(shape)
        for activation in [.none, .relu, .relu6] as [Activation] {
            let wanted = try Grid(sample.wanted(adding: adding, then: activation))
            for kernels in Self.kernels {
                guard let layer = try sample.layer(kernels) else { continue }
                // Shortcuts may lie either way.
                for shortcut in [sample.shortcut, try sample.shortcut.channelsLast()] {
                    let found = try layer(sample.x, adding: adding ? shortcut : nil, then: activation)
                    try expectEqual(found, wanted, tolerance: 3e-5, "\(shape) \(kernels)")
                }
            }
        }
    }

    @Test func goesByTransforms() throws {
        let sample = try Sample([6, 16, 32, 8, 8, 3, 1])
        let layer = try #require(try sample.layer(.fastest))
        let plain = try sample.x.conv2d(weight: sample.weight, bias: sample.bias, padding: 1)
        // Equal numbers would mean that they were not used.
        #expect(try layer(sample.x).toArray(Float.self) != plain.toArray())
        // Without a bias the layers that learn compute the same.
        let zero = try InferenceConv2d(weight: sample.weight, bias: .zeros([32]), padding: 1)
        let learning = try sample.x.conv2d(weight: sample.weight.channelsLast(), padding: 1)
        #expect(try zero(sample.x).toArray(Float.self) == learning.toArray())
    }

    @Test func letsNaNThrough() throws {
        var sample = try Sample([6, 16, 16, 8, 8, 3, 1])
        var values: [Float] = try sample.x.toArray()
        values[100] = .nan
        sample.x = try Tensor(values, shape: sample.x.shape).channelsLast()
        let layer = try #require(try sample.layer(.fastest))
        #expect(try layer(sample.x, adding: sample.shortcut, then: .relu).toArray(Float.self).contains { $0.isNaN })
    }

    @Test func recordsNoGradient() throws {
        for shape in [[6, 16, 16, 8, 8, 3, 1], [6, 16, 16, 8, 8, 3, 2]] {
            let sample = try Sample(shape)
            try sample.weight.setRequiresGrad()
            let layer = try #require(try sample.layer(.fastest))
            #expect(try !layer(sample.x, adding: sample.shortcut, then: .relu).requiresGrad)
        }
    }

    @Test(arguments: [[6, 16, 16, 8, 8, 3, 1], [6, 16, 16, 8, 8, 3, 2]]) func refusesOtherShapes(shape: [Int]) throws {
        let sample = try Sample(shape)
        let layer = try #require(try sample.layer(.fastest))
        #expect(throws: TorchError.self) { try layer(sample.x, adding: sample.x.narrow(dim: 2, start: 0, length: 3)) }
        let other = try InferenceConv2d(weight: sample.weight, bias: .zeros([3]), stride: sample.stride, padding: 1)
        #expect(throws: TorchError.self) { try other(sample.x) }
    }

    @Test func doesNotDependOnThreads() async {
        await #expect(processExitsWith: .success) {
            let sample = try Sample([16, 64, 96, 16, 16, 3, 1])
            guard let layer = try sample.layer(.fastest) else {
                throw TorchError(operation: "test", message: "no layer")
            }
            var results: [[Float]] = []
            for threads in [1, 2, 3, 2] {
                try Runtime.setThreads(threads)
                results.append(try layer(sample.x, adding: sample.shortcut, then: .relu).toArray())
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }
    }
}
