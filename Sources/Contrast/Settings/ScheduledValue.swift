import Foundation
import Views

/// A number that may change over training, such as a temperature or a momentum.
///
/// A file writes `0.5` for a constant, or `{from: 0.5, to: 0.1, shape: linear}`. With p in 0...1, the completed share
/// of the run, `linear` is `from + (to - from) p` and `cosine` is `from + (to - from) (1 - cos(pi p)) / 2`, the
/// schedule of BYOL's momentum (Grill et al. 2020, arXiv 2006.07733). With `after: a` and `until: b` the value is
/// `from` up to the share a of the run and `to` from the share b on, and p goes from 0 to 1 between them: a warm-up with
/// b alone, stable then decaying with a alone. `step` is `from` before b and `to` after.
public struct ScheduledValue: Codable, Equatable, Sendable {
    /// How the value moves from one end to the other.
    public enum Shape: String, Codable, Sendable, CaseIterable {
        /// At a constant rate.
        case linear
        /// Slowly at both ends.
        case cosine
        /// All at once, at `until`.
        case step
    }

    /// The value at the beginning.
    public var from: Double
    /// The value at the end.
    public var to: Double
    /// How the value moves from `from` to `to`.
    public var shape: Shape
    /// The share of the run after which it moves, 0...1.
    public var after = 0.0
    /// The share of the run until which it moves, `after`...1.
    public var until = 1.0

    /// A constant.
    public init(_ value: Double) { self.init(from: value, to: value) }

    /// A value that moves.
    public init(from: Double, to: Double, shape: Shape = .cosine, after: Double = 0, until: Double = 1) {
        self.from = from
        self.to = to
        self.shape = shape
        self.after = after
        self.until = until
    }

    /// The value after the share `progress` of the run, 0...1.
    public func value(at progress: Double) -> Double {
        // The ends and constants are exact.
        guard from != to, progress > after || progress >= until else { return from }
        guard progress < until else { return to }
        let moved = (progress - after) / (until - after)
        let share =
            switch shape {
            case .linear: moved
            case .cosine: (1 - cos(.pi * moved)) / 2
            case .step: 0.0
            }
        return from + (to - from) * share
    }

    /// Becomes the constant that holds after the share `progress` of the run.
    mutating func advance(to progress: Double) { self = ScheduledValue(value(at: progress)) }

    private enum CodingKeys: CodingKey { case from, to, shape, after, until }

    /// Reads a number, or a mapping of `from`, `to` and `shape`.
    public init(from decoder: any Decoder) throws {
        if let value = try? decoder.singleValueContainer().decode(Double.self) {
            self.init(value)
            return
        }
        guard let container = try? decoder.container(keyedBy: CodingKeys.self) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription:
                        "must be a number, or {from: number, to: number, shape: linear, cosine or step, after: 0...1, "
                        + "until: 0...1}"))
        }
        self.init(
            from: try container.decode(Double.self, forKey: .from), to: try container.decode(Double.self, forKey: .to),
            shape: try container.decodeIfPresent(Shape.self, forKey: .shape) ?? .cosine,
            after: try container.decodeIfPresent(Double.self, forKey: .after) ?? 0,
            until: try container.decodeIfPresent(Double.self, forKey: .until) ?? 1)
    }

    /// Writes a constant as a number.
    public func encode(to encoder: any Swift.Encoder) throws {
        guard from != to else {
            var container = encoder.singleValueContainer()
            return try container.encode(from)
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(from, forKey: .from)
        try container.encode(to, forKey: .to)
        try container.encode(shape, forKey: .shape)
        if after != 0 { try container.encode(after, forKey: .after) }
        if until != 1 { try container.encode(until, forKey: .until) }
    }
}

extension ScheduledValue: ExpressibleByFloatLiteral {
    /// A constant.
    public init(floatLiteral value: Double) { self.init(value) }
}

extension ScheduledValue: ExpressibleByIntegerLiteral {
    /// A constant.
    public init(integerLiteral value: Int) { self.init(Double(value)) }
}

/// Something whose settings may change over training.
public protocol Scheduled {
    /// Sets every scheduled setting to its value after the share `progress` of the run, 0...1.
    mutating func advance(to progress: Double)

    /// The same with the settings after the share `progress` of the run. Until then those of the beginning hold.
    func at(_ progress: Double) -> Self
}

extension Scheduled {
    /// Changes nothing.
    public mutating func advance(to progress: Double) {}

    /// An advanced copy.
    public func at(_ progress: Double) -> Self {
        var copy = self
        copy.advance(to: progress)
        return copy
    }
}

/// Throws unless both ends of a scheduled value are accepted; the key names the end that is not.
func require(
    _ key: String, _ value: ScheduledValue, _ wanted: String, _ accepts: (Double) -> Bool
) throws(InvalidSetting) {
    let isConstant = value.from == value.to
    guard value.after >= 0, value.after <= value.until, value.until <= 1 else {
        throw InvalidSetting(
            value.after >= 0 && value.after <= 1 ? "\(key).until" : "\(key).after",
            "must be shares of the run, 0 <= after <= until <= 1, are \(value.after) and \(value.until)")
    }
    for (end, value) in [("from", value.from), ("to", value.to)] {
        guard !value.isNaN, accepts(value) else {
            throw InvalidSetting(isConstant ? key : "\(key).\(end)", "must be \(wanted), is \(value)")
        }
    }
}
