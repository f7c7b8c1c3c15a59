import Torch
import Views

/// `x^T W y` with a learnt W: van den Oord et al. 2018, arXiv 1807.03748, equation 3.
public struct BilinearCritic: Critic {
    /// `bilinear`.
    public static let name = "bilinear"

    /// No settings.
    public init() {}

    /// Builds W, uniform in `1 / sqrt(Dy)`.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any ScoreFunction {
        Bilinear(try Linear(dimensions.y, dimensions.x, bias: false, generator: generator))
    }
}

/// The critic of `BilinearCritic`.
final class Bilinear: ScoreFunction, Module {
    /// W y for each y.
    private let linear: Linear

    init(_ linear: Linear) { self.linear = linear }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try x.matmul(linear(y).transpose(0, 1))
    }

    func compared(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)? { (x, try linear(y)) }
}
