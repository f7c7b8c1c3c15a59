import Testing

@testable import Torch

/// A convolution of our networks on random numbers, with its gradients.
struct ConvolutionSample {
    /// Images, inputs, outputs, height, width, kernel, stride, padding.
    let shape: [Int]
    let isInnermost: Bool

    /// Result, inputs' gradient and weights' gradient, in float32 as the layers compute them.
    func float32() throws -> [Tensor] { try run(tensors(), kernels: .fastest) }

    /// The same numbers by libtorch's plain loops, which share no code with the fast ones.
    func float64() throws -> [Tensor] { try run(tensors().map { try $0.to(.float64) }, kernels: .libtorch) }

    /// The largest differences of the three, each over the largest number that was wanted.
    func errors() throws -> [Double] {
        try zip(float32(), float64()).map { found, wanted in
            guard found.shape == wanted.shape else { return .infinity }
            func largest(_ tensor: Tensor) throws -> Double {
                try tensor.abs().reshape([-1]).max(dim: 0, keepdim: false).item()
            }
            let error = try largest(found.to(.float64) - wanted) / max(largest(wanted), 1e-30)
            return error.isFinite ? error : .infinity
        }
    }

    private func tensors() throws -> [Tensor] {
        let generator = try Generator(seed: 83)
        let (kernel, stride, padding) = (shape[5], shape[6], shape[7])
        let sides = shape[3...4].map { ($0 + 2 * padding - kernel) / stride + 1 }
        let deviation = (1 / Double(shape[1] * kernel * kernel)).squareRoot()
        let all = [
            try generator.normal([shape[0], shape[1], shape[3], shape[4]], deviation: 1),
            try generator.normal([shape[2], shape[1], kernel, kernel], deviation: deviation),
            try generator.normal([shape[0], shape[2]] + sides, deviation: 1),
        ]
        return isInnermost ? try all.map { try $0.channelsLast() } : all
    }

    private func run(_ all: [Tensor], kernels: Kernels) throws -> [Tensor] {
        let leaves = try all[..<2].map { try $0.detach().clone() }
        for leaf in leaves { try leaf.setRequiresGrad() }
        let y = try leaves[0].conv2d(weight: leaves[1], stride: shape[6], padding: shape[7], kernels: kernels)
        try (y * all[2]).sum().backward()
        guard let input = try leaves[0].grad(), let weight = try leaves[1].grad() else { return [] }
        return [y, input, weight]
    }
}

@Suite("Convolutions of every shape")
struct ConvolutionShapesTests {
    /// oneDNN's gradients of these are written past the ends of memory, which ends a process at the next allocations.
    @Test(arguments: [1, 2, 3, 7]) func keepInsideOfTheirMemory(threads: Int) async {
        await #expect(processExitsWith: .success) { [threads] in
            try Runtime.setThreads(threads)
            for inputs in [8, 1, 3, 15] {
                let sample = ConvolutionSample(shape: [32, inputs, 16, 64, 64, 1, 2, 0], isInnermost: true)
                for _ in 0..<8 { _ = try sample.float32() }
            }
        }
    }

    @Test(arguments: [8, 1, 3, 15, 16, 40]) func agreeWithFloat64(inputs: Int) throws {
        for (height, width) in [(64, 64), (7, 9), (2, 1), (1, 1)] {
            for stride in [2, 3] {
                for isInnermost in [false, true] {
                    let shape = [3, inputs, 10, height, width, 1, stride, 0]
                    let errors = try ConvolutionSample(shape: shape, isInnermost: isInnermost).errors()
                    #expect(errors.allSatisfy { $0 < 1e-5 }, "\(shape) \(isInnermost) \(errors)")
                }
            }
        }
    }
}
