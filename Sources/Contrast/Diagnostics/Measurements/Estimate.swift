/// A measured number with its 95% confidence interval.
public struct Estimate: Codable, Equatable, Sendable {
    /// The number measured on all samples.
    public var value: Double
    /// The interval's lower end.
    public var low: Double
    /// The interval's upper end.
    public var high: Double

    /// Makes an estimate; the interval is the number itself where none is given.
    public init(_ value: Double, low: Double? = nil, high: Double? = nil) {
        self.value = value
        self.low = low ?? value
        self.high = high ?? value
    }

    /// The estimate under an increasing function.
    public func map(_ increasing: (Double) -> Double) -> Estimate {
        Estimate(increasing(value), low: increasing(low), high: increasing(high))
    }

    /// Whether the whole interval lies at or above a threshold.
    public func isSurely(atLeast threshold: Double) -> Bool { low >= threshold }

    /// Whether the whole interval lies below a threshold.
    public func isSurely(below threshold: Double) -> Bool { high < threshold }
}
