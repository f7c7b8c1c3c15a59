import Torch
import Views

/// The dot product of rows as they are, over a temperature: `<x, y> / tau`.
public struct DotCritic: Critic, ScoreFunction {
    /// `dot`.
    public static let name = "dot"

    /// tau, by which products are divided.
    public var temperature: Course = 1.0

    /// tau 1.
    public init() {}

    /// Makes a critic.
    public init(temperature: Double) { self.temperature = Course(temperature) }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) { try requireTemperature(temperature) }

    /// Itself: it has no weights.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any ScoreFunction {
        self
    }

    /// Scores `[N, M]`.
    public func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try x.matmul(y.transpose(0, 1)) / temperature.from
    }

    /// The rows and 1 / tau.
    public func products(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor, scale: Double)? {
        (x, y, 1 / temperature.from)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        return now
    }
}
