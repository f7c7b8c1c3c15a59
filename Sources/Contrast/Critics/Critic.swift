import Torch
import Views

/// The settings of a critic.
public protocol CriticSettings: Component {
    /// Whether the critic is a network; a critic without weights compares x and y dimension by dimension.
    var hasWeights: Bool { get }

    /// Builds the critic of x and y with these dimensions.
    ///
    /// `generator` draws the weights in a fixed order.
    func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any Critic
}

/// Scores how well every x goes with every y; a `Module` if it has weights.
public protocol Critic: Scheduled {
    /// The weights; nil without any.
    var module: (any Module)? { get }

    /// tau as it is now; nil if no single temperature divides the scores.
    var currentTemperature: Double? { get }

    /// Scores `[N, M]` of x `[N, Dx]` and y `[M, Dy]`.
    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor

    /// Rows `[N, D]` and `[M, D]` and a scale such that `<x_i, y_j> scale` are the scores, so that their matrix need
    /// not be held; nil if scores are not products.
    func products(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor, scale: Double)?

    /// Rows `[N, D]` and `[M, D]` whose products are the scores up to a scale, for looking at embeddings; nil if scores
    /// are not products.
    func factors(of x: Tensor, and y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)?
}

extension CriticSettings {
    /// It is a network.
    public var hasWeights: Bool { true }
}

extension CriticSettings where Self: Critic {
    /// It has none.
    public var hasWeights: Bool { false }

    /// The settings are the critic.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any Critic { self }
}

extension Critic {
    /// No weights.
    public var module: (any Module)? { nil }

    /// No temperature.
    public var currentTemperature: Double? { nil }

    /// Scores are not products.
    public func products(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor, scale: Double)? { nil }

    /// Those of `products`.
    public func factors(of x: Tensor, and y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor)? {
        try products(x, y).map { ($0.x, $0.y) }
    }
}

extension Critic where Self: Module {
    /// The critic itself.
    public var module: (any Module)? { self }
}

/// The critics that a pipeline file can name.
public enum CriticFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any CriticSettings>(
        kind: "a critic",
        [CosineCritic.self, DotCritic.self, BilinearCritic.self, SeparableCritic.self, ConcatenatedCritic.self])
}
