import Foundation

extension Double {
    /// The number with so many digits after the point.
    func rounded(to digits: Int) -> String { String(format: "%.\(digits)f", self) }

    /// A share as a percentage.
    var percent: String { String(format: self >= 0.1 || self == 0 ? "%.0f%%" : "%.1f%%", 100 * self) }
}
