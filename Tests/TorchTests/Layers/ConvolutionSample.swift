@testable import Torch

/// A convolution of our networks on random numbers, with what comes behind it, against the same numbers in float64.
struct ConvolutionSample: CustomStringConvertible {
    var images: Int
    var inputs: Int
    var outputs: Int
    var height: Int
    var width: Int
    var kernel: Int
    var stride: Int
    var padding: Int
    var threads = 1
    var isInnermost = true

    var description: String {
        "\(images)x\(inputs)x\(height)x\(width) to \(outputs), kernel \(kernel) stride \(stride), "
            + "\(isInnermost ? "channels innermost" : "planes"), \(threads) threads"
    }

    /// Height and width of the result.
    var sides: [Int] { [height, width].map { ($0 + 2 * padding - kernel) / stride + 1 } }

    /// Patch embeddings have a bias in training; inference has one in any case.
    private var hasBias: Bool { kernel == stride && kernel > 1 }

    /// Products in the result.
    var work: Int { images * inputs * outputs * kernel * kernel * sides[0] * sides[1] }

    /// Forward and backward, results aside.
    func run() throws { _ = try convolution(tensors(), kernels: .fastest) }

    /// The largest errors of each number that layers compute of these, over the largest number of its tensor.
    func errors() throws -> [(of: String, error: Double)] {
        let all = try tensors()
        let wide = try all.map { try $0.to(.float64) }
        let wanted = try convolution(wide, kernels: .libtorch)
        var errors = try compare(convolution(all, kernels: .fastest), wanted, "")
        for name in [.any, .avx2, .avx512] as [Kernels]
        where kernel == 3 && stride == 1 && inputs % 16 == 0 && outputs % 16 == 0 {
            do {
                errors += try compare(convolution(all, kernels: name), wanted, " by \(name)")
            } catch let error as TorchError where error.message.contains("does not run kernels") {
                continue
            }
        }
        let layer = try InferenceConv2d(weight: all[1], bias: all[2], stride: stride, padding: padding)
        let sum = try (hasBias ? wanted[0] : wanted[0] + wide[2].reshape([1, -1, 1, 1])) + wide[3]
        errors += try compare([layer(all[0], adding: all[3], then: .relu)], [sum.relu()], " in inference")
        return errors + (try normErrors(all[0])) + (try poolErrors(all[0]))
    }

    /// Batch norm with addition and ReLU of the inputs.
    private func normErrors(_ x: Tensor) throws -> [(of: String, error: Double)] {
        // Few values may lie close together, and then say nothing.
        guard images * height * width >= 8 else { return [] }
        // No sum is near 0, where rounding decides what ReLU lets through.
        let shortcut = try x / (x.abs() + 1e-30) * 8
        let found = try Self.run(x) { try BatchNorm(inputs)($0, training: true, then: .relu, adding: shortcut) }
        let wanted = try Self.run(x.to(.float64)) { x in
            let centred = try x - x.mean(dims: [0, 2, 3], keepdim: true)
            let variance = try (centred * centred).mean(dims: [0, 2, 3], keepdim: true)
            return try (centred / (variance + 1e-5).sqrt() + shortcut.to(.float64)).relu()
        }
        return try zip(zip(found, wanted), ["norm", "norm's gradient"]).map {
            ($1, try Self.difference($0.0, $0.1, usual: 1))
        }
    }

    /// The largest of windows of the inputs.
    private func poolErrors(_ x: Tensor) throws -> [(of: String, error: Double)] {
        guard height > 1, width > 1 else { return [] }
        var errors: [(of: String, error: Double)] = []
        for (kernel, padding) in [(3, 1), (2, 0)] {
            let found = try [x, x.to(.float64)].map {
                try Self.run($0) { try $0.maxPool2d(kernel: kernel, stride: 2, padding: padding) }
            }
            for (place, name) in ["largest", "largest's gradient"].enumerated() {
                errors.append((name, try Self.difference(found[0][place], found[1][place], usual: 1)))
            }
        }
        return errors
    }

    /// A function's value and the gradient of its square's sum.
    private static func run(_ x: Tensor, _ body: (Tensor) throws -> Tensor) throws -> [Tensor] {
        let leaf = try x.detach().clone()
        try leaf.setRequiresGrad()
        let y = try body(leaf)
        try (y * y).sum().backward()
        guard let gradient = try leaf.grad() else {
            throw TorchError(operation: "backward", message: "left no gradient")
        }
        return [y, gradient]
    }

    private func compare(_ found: [Tensor], _ wanted: [Tensor], _ note: String) throws -> [(of: String, error: Double)]
    {
        // What sums of so many random numbers come to: a result that is near 0 by chance says nothing.
        let (area, share) = (Double(images * sides[0] * sides[1]), Double(outputs) / Double(inputs))
        let usual = [1, share.squareRoot() / Double(stride), area.squareRoot(), area.squareRoot()]
        return try zip(found, wanted).enumerated().map { place, pair in
            let names = ["result", "inputs' gradient", "weights' gradient", "bias' gradient"]
            return (names[place] + note, try Self.difference(pair.0, pair.1, usual: usual[place] / 3))
        }
    }

    private static func difference(_ found: Tensor, _ wanted: Tensor, usual: Double) throws -> Double {
        func largest(_ tensor: Tensor) throws -> Double {
            try tensor.abs().reshape([-1]).max(dim: 0, keepdim: false).item()
        }
        guard found.shape == wanted.shape else { return .infinity }
        let error = try largest(found.to(.float64) - wanted) / max(largest(wanted), usual)
        return error.isFinite ? error : .infinity
    }

    /// Inputs, weights, bias, and what the result's gradient is.
    private func tensors() throws -> [Tensor] {
        let generator = try Generator(seed: 83)
        let deviation = (1 / Double(inputs * kernel * kernel)).squareRoot()
        let x = try generator.normal([images, inputs, height, width], std: 1)
        let weight = try generator.normal([outputs, inputs, kernel, kernel], std: deviation)
        let bias = try generator.normal([outputs], std: 1)
        let gradient = try generator.normal([images, outputs] + sides, std: 1)
        guard isInnermost else { return [x, weight, bias, gradient] }
        return [try x.channelsLast(), try weight.channelsLast(), bias, try gradient.channelsLast()]
    }

    /// Result and gradients, as a patch embedding with its bias or as ResNets without.
    private func convolution(_ all: [Tensor], kernels: Kernels) throws -> [Tensor] {
        let leaves = try all[..<(hasBias ? 3 : 2)].map { try $0.detach().clone() }
        for leaf in leaves { try leaf.setRequiresGrad() }
        let y = try leaves[0].conv2d(
            weight: leaves[1], bias: hasBias ? leaves[2] : nil, stride: stride, padding: padding, kernels: kernels)
        try (y * all[3]).sum().backward()
        return [y] + (try leaves.compactMap { try $0.grad() })
    }
}
