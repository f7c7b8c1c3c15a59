import Torch
import Views

/// `x^T W y` with a learned W: van den Oord et al. 2018, arXiv 1807.03748, equation 3.
public struct BilinearCritic: CriticSettings {
    /// `bilinear`.
    public static let name = "bilinear"

    /// No settings.
    public init() {}

    /// Builds W, uniform in `1 / sqrt(Dy)`.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any Critic {
        Bilinear(try Linear(dimensions.y, dimensions.x, bias: false, generator: generator))
    }
}

/// `x^T W y`.
final class Bilinear: Critic, Module {
    /// W y.
    private let linear: Linear

    init(_ linear: Linear) { self.linear = linear }

    /// The dot product over a temperature, `W = I / tau`, to begin training with.
    init(dimension: Int, temperature: Double) throws(TorchError) {
        linear = try Linear(dimension, dimension, bias: false, generator: Generator(seed: 0))
        for (_, parameter) in linear.namedParameters {
            try withoutGradients { () throws(TorchError) in
                try parameter.value.copy(from: Tensor.eye(dimension) / temperature)
            }
        }
    }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try x.matmul(linear(y).transpose(0, 1))
    }

    func factors(of x: Tensor, and y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)? { (x, try linear(y)) }
}
