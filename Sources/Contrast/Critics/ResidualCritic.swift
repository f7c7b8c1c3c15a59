import Torch

/// `<x s + f(x), y s + g(y)>` with MLPs f and g of one hidden layer, which begins as the dot product over a
/// temperature: `s = 1 / sqrt(tau)` and f = g = 0.
final class ResidualCritic: Critic, Module {
    private static let hidden = 128
    private let f: Side
    private let g: Side
    private let scale: Double

    /// The network of x or of y.
    private final class Side: Module {
        let into: Parameter
        let bias: Parameter
        let out: Parameter

        init(_ dimension: Int, _ generator: Generator) throws(TorchError) {
            // Rows have unit length, so hidden activations have a standard deviation of about 1.
            into = try Parameter(generator.normal([dimension, ResidualCritic.hidden], std: 1))
            bias = try Parameter(Tensor.zeros([1, ResidualCritic.hidden]))
            out = try Parameter(Tensor.zeros([ResidualCritic.hidden, dimension]))
        }

        func callAsFunction(_ rows: Tensor, _ scale: Double) throws(TorchError) -> Tensor {
            try rows * scale + (rows.matmul(into.value) + bias.value).relu().matmul(out.value)
        }
    }

    init(dimension: Int, temperature: Double, generator: Generator) throws(TorchError) {
        f = try Side(dimension, generator)
        g = try Side(dimension, generator)
        scale = 1 / temperature.squareRoot()
    }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try f(x, scale).matmul(g(y, scale).transpose(0, 1))
    }
}
