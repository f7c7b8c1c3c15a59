import Torch
import Views

/// The settings of a critic, which scores how well an x and a y go together.
public protocol Critic: Component {
    /// Builds the critic of x and y with these numbers of features; weights are drawn from `generator` in a fixed order.
    func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any ScoreFunction
}

/// A critic that scores every x with every y; a `Module` where it has weights.
public protocol ScoreFunction {
    /// Scores `[N, M]` of x `[N, Dx]` and y `[M, Dy]`.
    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor

    /// Rows `[N, D]` and `[M, D]` and a factor for which `<x_i, y_j> factor` are the scores, so that they need not be held; nil
    /// where scores are no products.
    func products(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor, scale: Double)?

    /// Rows `[N, D]` and `[M, D]` whose products are the scores but for a factor, as embeddings are looked at; nil where scores
    /// are no products.
    func compared(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)?

    /// Itself with the settings that hold where `progress` of the run is done, 0...1.
    func at(_ progress: Double) -> Self
}

extension ScoreFunction {
    /// None.
    public func products(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor, scale: Double)? { nil }

    /// Those of `products`.
    public func compared(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)? {
        try products(x, y).map { ($0.x, $0.y) }
    }

    /// Itself: nothing changes over training.
    public func at(_ progress: Double) -> Self { self }
}

/// The critics that a pipeline file can name.
public enum CriticFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any Critic>(
        kind: "a critic",
        [CosineCritic.self, DotCritic.self, BilinearCritic.self, SeparableCritic.self, ConcatenatedCritic.self])
}
