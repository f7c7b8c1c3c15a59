import Foundation

/// Maps values to positions on an axis of a plot, and chooses ticks.
struct Axis {
    /// About five round numbers in the range.
    let ticks: [Double]
    private let range: ClosedRange<Double>
    private let from: Double
    private let to: Double
    private let isLogarithmic: Bool

    /// Makes an axis.
    /// - Parameters:
    ///   - from: the position of the lower end.
    ///   - to: the position of the upper end.
    ///   - logarithmicBase: the ratio of neighbouring ticks of a logarithmic axis, whose range must be positive.
    init(_ range: ClosedRange<Double>, from: Double, to: Double, logarithmicBase: Double? = nil) {
        (self.range, self.from, self.to) = (range, from, to)
        isLogarithmic = logarithmicBase != nil && range.lowerBound > 0
        if let base = logarithmicBase, range.lowerBound > 0 {
            let first = (log(range.lowerBound) / log(base) - 1e-9).rounded(.up)
            let last = (log(range.upperBound) / log(base) + 1e-9).rounded(.down)
            ticks = first <= last ? stride(from: first, through: last, by: 1).map { pow(base, $0) } : []
        } else {
            let step = Axis.step(range.upperBound - range.lowerBound)
            let first = (range.lowerBound / step - 1e-9).rounded(.up)
            let last = (range.upperBound / step + 1e-9).rounded(.down)
            ticks = first <= last ? stride(from: first, through: last, by: 1).map { $0 * step } : []
        }
    }

    /// The position of a value. Values far outside are moved closer, so that every viewer can draw the line to them.
    func position(_ value: Double) -> Double {
        func scale(_ x: Double) -> Double { isLogarithmic ? log(max(x, .leastNormalMagnitude)) : x }
        let low = scale(range.lowerBound)
        let share = (scale(value) - low) / max(scale(range.upperBound) - low, .leastNormalMagnitude)
        return from + (to - from) * min(max(share, -1), 2)
    }

    /// The text of a tick.
    func label(_ tick: Double) -> String {
        let rounded = abs(tick) < 1e-12 ? 0 : tick
        return String(format: "%g", (rounded * 1e9).rounded() / 1e9)
    }

    /// 1, 2 or 5 times a power of ten, about a fifth of the length.
    private static func step(_ length: Double) -> Double {
        guard length > 0, length.isFinite else { return 1 }
        let power = pow(10, log10(length / 5).rounded(.down))
        let rest = length / 5 / power
        return power * (rest < 1.5 ? 1 : rest < 3 ? 2 : rest < 7 ? 5 : 10)
    }
}
