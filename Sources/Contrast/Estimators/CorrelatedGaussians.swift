import Foundation
import Torch

/// The test bed of the estimators: two correlated Gaussian vectors whose mutual information and best critic are known.
///
/// x and e are standard normal in d dimensions, `y = rho x + sqrt(1 - rho^2) e` with `rho = sqrt(1 - e^{-2 I / d})`, so
/// that `I(x; y) = -d/2 log(1 - rho^2)` is as given: Poole et al. 2019, arXiv 1905.06922, section 3. Optionally y is
/// cubed element by element, which keeps the information and makes it harder for a critic to find.
public struct CorrelatedGaussians: Sendable {
    /// d, the dimension of x and of y.
    public let dimension: Int
    /// I(x; y), nats.
    public let information: Double
    /// Whether y is cubed.
    public let cubed: Bool

    /// rho.
    public var correlation: Double { (-expm1(-2 * information / Double(dimension))).squareRoot() }

    /// Sets the dimension and the information.
    /// - Precondition: the dimension is positive, the information finite and not negative.
    public init(information: Double, dimension: Int = 20, cubed: Bool = false) {
        precondition(dimension > 0 && information >= 0 && information.isFinite, "there are no such Gaussians")
        self.information = information
        self.dimension = dimension
        self.cubed = cubed
    }

    /// Draws pairs, each `[count, d]` in float64.
    public func sample(_ count: Int, from generator: Generator) throws(TorchError) -> (x: Tensor, y: Tensor) {
        let x = try generator.normal([count, dimension], std: 1).to(.float64)
        let noise = try generator.normal([count, dimension], std: 1).to(.float64)
        let share = exp(-information / Double(dimension))
        let y = try x * correlation + noise * share
        return (x, cubed ? try y * y * y : y)
    }

    /// The log ratio `log p(x_i, y_j) / (p(x_i) p(y_j))` of every x with every y, `[N, M]`: the best critic up to each
    /// estimator's offset: the sum over dimensions of
    /// `-1/2 log(1 - rho^2) - (rho^2 (x^2 + y^2) - 2 rho x y) / (2 (1 - rho^2))`.
    public func logRatio(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        let (x, y) = (try x.to(.float64), try uncubed(y.to(.float64)))
        let rho = correlation
        let remaining = exp(-2 * information / Double(dimension))
        let squares = try (x * x).sum(dim: 1).unsqueeze(1) + (y * y).sum(dim: 1).unsqueeze(0)
        let products = try x.matmul(y.transpose(0, 1))
        return try products * (rho / remaining) - squares * (rho * rho / (2 * remaining)) + information
    }

    private func uncubed(_ y: Tensor) throws(TorchError) -> Tensor {
        guard cubed else { return y }
        let root = try y.abs().pow(1 / 3.0)
        return try Tensor.where(y.gt(.zeros(y.shape, dtype: y.dtype, device: y.device)), root, -root)
    }
}
