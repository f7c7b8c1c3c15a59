import Foundation

extension Double {
    /// The number with `digits` digits after the point.
    func rounded(to digits: Int) -> String { String(format: "%.\(digits)f", self) }

    /// A share as a percentage.
    var percent: String { String(format: self >= 0.1 || self == 0 ? "%.0f%%" : "%.1f%%", 100 * self) }
}

extension [Double] {
    /// The mean; minus infinity if a value is, 0 without values.
    var mean: Double { reduce(0, +) / Double(Swift.max(count, 1)) }

    /// The standard deviation of a sample, over n - 1.
    var standardDeviation: Double {
        let mean = mean
        return (reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(Swift.max(count - 1, 1))).squareRoot()
    }

    /// The standard error of the mean.
    var standardError: Double { standardDeviation / Double(count).squareRoot() }
}
