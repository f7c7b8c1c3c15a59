import Torch
import Views

/// `f(x)^T g(y)` with two learnt networks: Poole et al. 2019, arXiv 1905.06922, section 4. N + M passes of the networks.
public struct SeparableCritic: Critic {
    /// `separable`.
    public static let name = "separable"

    /// Linear layers of each network, ReLU between them.
    public var layers = 3
    /// Numbers of a hidden layer.
    public var hidden = 256
    /// Numbers of f(x) and of g(y).
    public var output = 32

    /// Three layers over 256 numbers to 32.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("layers", layers, in: 1...10)
        try require("hidden", hidden, in: 1...65_536)
        try require("output", output, in: 1...65_536)
    }

    /// Builds f and g.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any ScoreFunction {
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

/// The critic of `SeparableCritic`.
final class Separable: ScoreFunction, Module {
    private let f: MLP
    private let g: MLP

    init(_ f: MLP, _ g: MLP) {
        self.f = f
        self.g = g
    }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try f(x, training: true).matmul(g(y, training: true).transpose(0, 1))
    }

    func compared(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)? {
        (try f(x, training: false), try g(y, training: false))
    }
}
