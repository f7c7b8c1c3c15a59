import Torch
import Views

/// The cosine over a temperature, `<x, y> / (|x| |y| tau)`: the score of SimCLR, MoCo and CLIP.
public struct CosineCritic: ProductCritic {
    /// `cosine`.
    public static let name = "cosine"

    /// tau, which divides the cosines.
    public var temperature: ScheduledValue = 0.1

    /// tau 0.1.
    public init() {}

    func rows(_ z: Tensor) throws(TorchError) -> Tensor { try z.normalizedRows() }
}

/// The dot product over a temperature, `<x, y> / tau`.
public struct DotCritic: ProductCritic {
    /// `dot`.
    public static let name = "dot"

    /// tau, which divides the products.
    public var temperature: ScheduledValue = 1.0

    /// tau 1.
    public init() {}

    func rows(_ z: Tensor) throws(TorchError) -> Tensor { z }
}

/// A critic without weights: products of rows over a temperature.
protocol ProductCritic: CriticSettings, Critic {
    /// tau, which divides the products.
    var temperature: ScheduledValue { get set }

    /// The rows whose products count.
    func rows(_ z: Tensor) throws(TorchError) -> Tensor
}

extension ProductCritic {
    init(temperature: Double) {
        self.init()
        self.temperature = ScheduledValue(temperature)
    }

    /// Checks that the temperature is positive.
    public func validate() throws(InvalidSetting) { try requireTemperature(temperature) }

    /// Moves tau.
    public mutating func advance(to progress: Double) { temperature.advance(to: progress) }

    /// tau if it is constant, or as it is after `at`.
    public var currentTemperature: Double? { temperature.from == temperature.to ? temperature.from : nil }

    /// `<x_i, y_j> / tau` of their rows.
    public func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try rows(x).matmul(rows(y).transpose(0, 1)) / temperature.from
    }

    /// The rows and 1 / tau.
    public func products(_ x: Tensor, _ y: Tensor) throws(TorchError) -> (x: Tensor, y: Tensor, scale: Double)? {
        (try rows(x), try rows(y), 1 / temperature.from)
    }
}
