import Torch
import Views

/// `f(x)^T g(y)` with two MLPs: Poole et al. 2019, arXiv 1905.06922, section 4. It costs N + M forward passes of a row.
public struct SeparableCritic: CriticSettings {
    /// `separable`.
    public static let name = "separable"

    /// Linear layers of each network, ReLU between them.
    public var layers = 3
    /// Dimensions of a hidden layer.
    public var hidden = 256
    /// Dimensions of f(x) and g(y).
    public var output = 32

    /// Three layers of 256 dimensions to 32.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("layers", layers, in: 1...10)
        try require("hidden", hidden, in: 1...65_536)
        try require("output", output, in: 1...65_536)
    }

    /// Builds f and g.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any Critic {
        let f = try network(dimensions.x, generator)
        return Separable(f, try network(dimensions.y, generator))
    }

    private func network(_ inputs: Int, _ generator: Generator) throws(TorchError) -> MLP {
        var settings = MLPHead()
        settings.layers = layers
        settings.hidden = hidden
        settings.output = output
        settings.batchNorm = false
        return try MLP(inputs: inputs, settings: settings, generator: generator)
    }
}

/// `f(x)^T g(y)`.
final class Separable: Critic, Module {
    private let f: MLP
    private let g: MLP

    init(_ f: MLP, _ g: MLP) {
        self.f = f
        self.g = g
    }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try f(x, training: true).matmul(g(y, training: true).transpose(0, 1))
    }

    func factors(of x: Tensor, and y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)? {
        (try f(x, training: false), try g(y, training: false))
    }
}
