import ArgumentParser

/// C of a linear probe: a number, or `auto`.
package enum ProbeCost: ExpressibleByArgument, Equatable, Sendable {
    /// The best in cross-validation.
    case auto
    /// This value.
    case value(Double)

    /// The number; nil for `auto`.
    package var number: Double? {
        if case .value(let cost) = self { return cost }
        return nil
    }

    /// Reads `auto` or a positive number.
    package init?(argument: String) {
        if argument == "auto" {
            self = .auto
        } else {
            guard let cost = Double(argument), cost > 0, cost.isFinite else { return nil }
            self = .value(cost)
        }
    }
}

/// A share of labels, 0...1, read from `10%`.
package struct LabelShare: ExpressibleByArgument, Equatable, Sendable {
    /// The share.
    package let share: Double

    /// Reads a percentage above 0 and at most 100.
    package init?(argument: String) {
        guard argument.hasSuffix("%"), let percent = Double(argument.dropLast()), percent > 0, percent <= 100 else {
            return nil
        }
        share = percent / 100
    }
}

/// Numbers of labels of each class, read from `1,5,10`.
package struct ShotCounts: ExpressibleByArgument, Equatable, Sendable {
    /// The numbers.
    package let counts: [Int]

    /// Reads positive numbers.
    package init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        counts = parts.compactMap { Int($0) }.filter { $0 > 0 && $0 <= 1_000_000 }
        guard !counts.isEmpty, counts.count == parts.count else { return nil }
    }
}
