import Testing

@testable import Torch

// Tensors are counted for the whole process, so these tests run in one of their own.
#if compiler(>=6.2)
@Suite("Tensors alive")
struct LeakTests {
    @Test func fallBackToNoneAfterErrors() async {
        await #expect(processExitsWith: .success) {
            let (a, b) = (try Tensor.zeros([2, 3]), try Tensor.zeros([4, 5]))
            let before = Tensor.live
            for _ in 0..<20 {
                #expect(throws: TorchError.self) { try a.matmul(b) }
                #expect(throws: TorchError.self) { try a.topk(9, dim: 1) }
                #expect(throws: TorchError.self) { try Tensor.cat([a, b], dim: 0) }
                #expect(throws: TorchError.self) { try (a * 2 + b).sum() }
                #expect(throws: TorchError.self) { try a.backward() }
                #expect(throws: TorchError.self) { try Tensor([1.0], shape: [2]) }
            }
            #expect(Tensor.live == before)
        }
    }

    @Test func stayFlatOverTraining() async {
        await #expect(processExitsWith: .success) {
            let generator = try Generator(seed: 1)
            let first = try Linear(8, 16, generator: generator)
            let norm = try BatchNorm(16)
            let second = try Linear(16, 4, generator: generator)
            let parameters = first.namedParameters + norm.namedParameters + second.namedParameters
            let optimizer = try SGD(
                parameters.enumerated().map { ("\($0.offset)", $0.element.parameter) }, lr: 0.1, momentum: 0.9,
                weightDecay: 1e-4, nesterov: false, sparingBiasAndNorm: true)
            func step() throws -> Double {
                try optimizer.zeroGrad()
                let x = try generator.normal([12, 8], std: 1)
                let z = try second(norm(first(x), training: true).relu()).normalizedRows()
                let loss = try (z.matmul(z.transpose(0, 1)) / 0.5).logsumexp(dim: 1).mean()
                try loss.backward()
                try optimizer.step(factor: 1)
                return try loss.item()
            }
            _ = try step()
            let before = Tensor.live
            for _ in 0..<200 { _ = try step() }
            #expect(Tensor.live == before)
        }
    }

    @Test func fallBackAfterReadingFiles() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let path = "\(folder.path)/x"
            try Safetensors(tensors: ["a": Tensor.ones([3]), "b": Tensor.ones([4])]).write(to: path)
            let before = Tensor.live
            for _ in 0..<20 { _ = try Safetensors(contentsOf: path) }
            #expect(Tensor.live == before)
        }
    }
}
#endif
