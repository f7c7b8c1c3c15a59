import Testing

@testable import Torch

@Suite("Depthwise convolutions")
struct DepthwiseTests {
    static let kernels: [Kernels] = [.fastest, .any, .avx2, .avx512, .libtorch]
    /// Images, channels, height, width, kernel, stride: those with kernels of their own, on pictures smaller than the
    /// kernel too, and others.
    static let shapes = [
        [3, 16, 9, 7, 3, 2], [2, 48, 12, 13, 3, 2], [2, 8, 1, 2, 3, 2], [1, 4, 5, 5, 3, 2], [2, 32, 11, 10, 7, 1],
        [3, 16, 3, 2, 7, 1], [2, 24, 9, 8, 5, 1], [2, 16, 9, 14, 7, 2], [2, 16, 8, 8, 5, 2], [2, 16, 9, 9, 3, 1],
        [2, 6, 9, 8, 7, 1], [40, 16, 9, 8, 7, 1],
    ]

    private func run(_ shape: [Int], biased: Bool, dtype: DType, innermost: Bool, kernels: Kernels) throws -> [Tensor] {
        let generator = try Generator(seed: 84)
        let (channels, kernel, stride) = (shape[1], shape[4], shape[5])
        let leaves = [
            try generator.normal([shape[0], channels, shape[2], shape[3]], std: 1),
            try generator.normal([channels, 1, kernel, kernel], std: 0.2),
            try generator.normal([channels], std: 1),
        ]
        let taken = try leaves.map { leaf in
            let typed = try leaf.to(dtype)
            let laid = innermost && typed.shape.count == 4 ? try typed.channelsLast() : typed
            return try laid.clone()
        }
        for leaf in taken { try leaf.setRequiresGrad() }
        let y = try taken[0].conv2d(
            weight: taken[1], bias: biased ? taken[2] : nil, stride: stride, padding: kernel / 2, groups: channels,
            kernels: kernels)
        let dy = try generator.normal(y.shape, std: 1).to(dtype)
        try (y * dy).sum().backward()
        return [y] + (try taken.compactMap { try $0.grad() })
    }

    @Test(arguments: shapes, [false, true]) func agreesWithFloat64(shape: [Int], biased: Bool) throws {
        let wanted = try run(shape, biased: biased, dtype: .float64, innermost: false, kernels: .libtorch)
        #expect(wanted.count == (biased ? 4 : 3))
        var seen = 0
        for kernels in Self.kernels {
            do {
                let found = try run(shape, biased: biased, dtype: .float32, innermost: true, kernels: kernels)
                seen += 1
                try #require(found.count == wanted.count)
                for (found, wanted) in zip(found, wanted) {
                    try expectEqual(found, Grid(wanted), tolerance: 3e-6, "\(shape) \(kernels)")
                }
            } catch let error as TorchError where error.message.contains("does not run kernels") {
                continue
            }
        }
        #expect(seen >= 3)
    }

    @Test(arguments: [[16, 32, 20, 20, 3, 2], [16, 32, 20, 20, 7, 1]]) func doesNotDependOnThreads(shape: [Int]) async {
        await #expect(processExitsWith: .success) { [shape] in
            var results: [[[Float]]] = []
            for threads in [1, 2, 3, 2] {
                try Runtime.setThreads(threads)
                let found = try DepthwiseTests().run(
                    shape, biased: true, dtype: .float32, innermost: true, kernels: .fastest)
                // libtorch's own forward and gradients may sum in another order; ours do not.
                results.append([try found[shape[5] > 1 ? 1 : 2].toArray()])
            }
            #expect(results.allSatisfy { $0 == results[0] })
        }
    }

    @Test func takesPartsOfTheChannels() throws {
        let x = try Tensor((0..<16).map(Float.init), shape: [1, 4, 2, 2])
        let weight = try Tensor([1, 1, 2, -1] as [Float], shape: [2, 2, 1, 1])
        let y: [Float] = try x.conv2d(weight: weight, groups: 2).toArray()
        #expect(y == [4, 6, 8, 10, 4, 5, 6, 7])
        #expect(throws: TorchError.self) { try x.conv2d(weight: weight, groups: 3) }
    }
}
