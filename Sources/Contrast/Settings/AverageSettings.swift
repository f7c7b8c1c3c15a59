import Views

/// The moving average of the encoder that a run keeps beside it.
public struct AverageSettings: Component {
    /// `ema`.
    public static let name = "ema"

    /// The momentum m of `a <- m a + (1 - m) w` after each step, 0...1.
    public var momentum = 0.999

    /// A momentum of 0.999.
    public init() {}

    /// Checks the range.
    public func validate() throws(InvalidSetting) { try require("momentum", momentum, in: 0...1) }
}
