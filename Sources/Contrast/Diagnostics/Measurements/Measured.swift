/// A measured value with its 95% confidence interval.
public struct Measured: Codable, Equatable, Sendable {
    /// The value over all samples.
    public var value: Double
    /// The interval's lower end.
    public var low: Double
    /// The interval's upper end.
    public var high: Double

    /// Makes a value; without an interval, both ends are the value.
    public init(_ value: Double, low: Double? = nil, high: Double? = nil) {
        self.value = value
        self.low = low ?? value
        self.high = high ?? value
    }

    /// The value and its interval under an increasing function.
    public func map(_ increasing: (Double) -> Double) -> Measured {
        Measured(increasing(value), low: increasing(low), high: increasing(high))
    }

}
