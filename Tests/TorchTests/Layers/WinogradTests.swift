import Testing

@testable import Torch

@Suite("3x3 convolutions by fewer multiplications")
struct WinogradTests {
    static let kernels: [Kernels] = [.libtorch, .any, .avx2, .avx512]
    /// Images, inputs, outputs and sides: whole tiles and parts of tiles; few channels and many; more tiles than one
    /// part has.
    static let shapes = [
        [16, 16, 16, 3, 3], [17, 16, 48, 4, 4], [5, 32, 16, 5, 7], [3, 64, 32, 9, 6], [5, 80, 96, 7, 7],
        [9, 128, 64, 8, 3], [30, 16, 32, 13, 12], [9, 64, 64, 30, 32],
    ]

    private func run(_ all: [Tensor], kernels: Kernels) throws -> [Tensor] {
        let leaves = try all[..<2].map { try $0.detach().clone() }
        for leaf in leaves { try leaf.setRequiresGrad() }
        let y = try leaves[0].conv2d(weight: leaves[1], stride: 1, padding: 1, kernels: kernels)
        try (y * all[2]).sum().backward()
        return [y, try #require(try leaves[0].grad()), try #require(try leaves[1].grad())]
    }

    private func tensors(_ shape: [Int]) throws -> [Tensor] {
        let generator = try Generator(seed: 81)
        return [
            try generator.normal([shape[0], shape[1], shape[3], shape[4]], std: 1).channelsLast(),
            try generator.normal([shape[2], shape[1], 3, 3], std: 0.2).channelsLast(),
            try generator.normal([shape[0], shape[2], shape[3], shape[4]], std: 1),
        ]
    }

    @Test(arguments: shapes) func agreesWithFloat64(shape: [Int]) throws {
        let all = try tensors(shape)
        // The transforms' numbers are up to a hundred times the results'; libtorch's own error is near 1e-6.
        let wanted = try run(all.map { try $0.to(.float64) }, kernels: .libtorch)
        var seen = 0
        for name in Self.kernels {
            // Weights may lie either way.
            for weight in [all[1], try all[1].contiguous()] {
                let found: [Tensor]
                do {
                    found = try run([all[0], weight, all[2]], kernels: name)
                } catch let error as TorchError where error.message.contains("does not run kernels") {
                    continue
                }
                seen += 1
                for (tensor, reference) in zip(found, wanted) {
                    try expectEqual(tensor, Grid(reference), tolerance: 3e-5, "\(shape) \(name)")
                }
            }
        }
        #expect(seen >= 4)
    }

    @Test func isWhatALayerComputes() throws {
        let all = try tensors([6, 16, 32, 8, 8])
        let (plain, own) = (try run(all, kernels: .libtorch), try run(all, kernels: .fastest))
        // Equal numbers would mean that it was not used.
        #expect(try plain[0].toArray(Float.self) != own[0].toArray(Float.self))
        let layer = try Conv2d(16, 32, kernel: 3, padding: 1, generator: Generator(seed: 1))
        try layer.load(stateDict: ["weight": all[1]])
        #expect(try layer(all[0]).toArray(Float.self) == own[0].toArray(Float.self))
    }

    @Test func givesOnlyTheGradientsThatAreWanted() throws {
        let all = try tensors([20, 16, 16, 4, 4])
        let wanted = try run(all, kernels: .fastest)
        for place in 0..<2 {
            let leaves = try all[..<2].map { try $0.detach().clone() }
            try leaves[place].setRequiresGrad()
            try (leaves[0].conv2d(weight: leaves[1], padding: 1) * all[2]).sum().backward()
            #expect(try leaves[place].grad()?.toArray(Float.self) == wanted[place + 1].toArray())
            #expect(try leaves[1 - place].grad() == nil)
        }
    }

    @Test func letsNaNThrough() throws {
        var all = try tensors([6, 16, 16, 8, 8])
        var values: [Float] = try all[0].toArray()
        values[100] = .nan
        all[0] = try Tensor(values, shape: all[0].shape).channelsLast()
        let found = try run(all, kernels: .fastest)
        #expect(try found[0].toArray(Float.self).contains { $0.isNaN })
        #expect(try found[2].toArray(Float.self).contains { $0.isNaN })
    }

    @Test func doesNotDependOnThreads() async {
        await #expect(processExitsWith: .success) {
            let tests = WinogradTests()
            for shape in [[16, 16, 32, 16, 16], [16, 64, 96, 16, 16]] {
                let all = try tests.tensors(shape)
                var results: [[[Float]]] = []
                for threads in [1, 2, 3, 2] {
                    try Runtime.setThreads(threads)
                    results.append(try tests.run(all, kernels: .fastest).map { try $0.toArray() })
                }
                #expect(results.allSatisfy { $0 == results[0] })
            }
        }
    }
}
