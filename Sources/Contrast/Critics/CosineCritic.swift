import Torch
import Views

/// The cosine over a temperature: `<x, y> / (|x| |y| tau)`, as SimCLR, MoCo and CLIP score.
public struct CosineCritic: Critic, ScoreFunction {
    /// `cosine`.
    public static let name = "cosine"

    /// tau, by which cosines are divided.
    public var temperature: Course = 0.1

    /// tau 0.1.
    public init() {}

    /// Makes a critic.
    public init(temperature: Double) { self.temperature = Course(temperature) }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) { try requireTemperature(temperature) }

    /// Itself: it has no weights.
    public func build(dimensions: (x: Int, y: Int), generator: Generator) throws(TorchError) -> any ScoreFunction {
        self
    }

    /// Scores `[N, M]` in `-1 / tau ... 1 / tau`.
    public func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try x.normalizedRows().matmul(y.normalizedRows().transpose(0, 1)) / temperature.from
    }

    /// The normalised rows and 1 / tau.
    public func products(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor, scale: Double)? {
        (try x.normalizedRows(), try y.normalizedRows(), 1 / temperature.from)
    }

    /// Itself with the settings that hold where `progress` of the run is done.
    public func at(_ progress: Double) -> Self {
        var now = self
        now.temperature = temperature.at(progress)
        return now
    }
}
