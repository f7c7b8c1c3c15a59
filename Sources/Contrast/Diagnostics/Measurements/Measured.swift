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

    /// A share with Wilson's interval (1927), which also holds for few samples and for shares of 0 and 1.
    public init(_ count: Int, of samples: Int) {
        guard samples > 0 else {
            self.init(0, low: 0, high: 1)
            return
        }
        let (n, z) = (Double(samples), 1.96)
        let p = Double(count) / n
        let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
        self.init(p, low: min(p, max(0, centre - half)), high: max(p, min(1, centre + half)))
    }

    /// A value with its delete-a-group jackknife interval (Quenouille 1956).
    /// - Parameters:
    ///   - parts: the value without each of some groups of samples.
    ///   - least: the smallest possible value.
    init(_ value: Double, without parts: [Double], least: Double) {
        let count = Double(parts.count)
        let mean = parts.reduce(0, +) / count
        let squares = parts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        let error = ((count - 1) / count * squares).squareRoot()
        self.init(value, low: max(least, value - 1.96 * error), high: value + 1.96 * error)
    }

    /// The value and its interval under an increasing function.
    public func map(_ increasing: (Double) -> Double) -> Measured {
        Measured(increasing(value), low: increasing(low), high: increasing(high))
    }

}
