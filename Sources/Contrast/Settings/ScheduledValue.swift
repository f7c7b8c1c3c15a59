import Foundation
import Views

/// A number that may change over training, such as a temperature or a momentum.
///
/// A file writes `0.5` for a constant, or `{from: 0.5, to: 0.1, shape: linear}`. With p in 0...1, the completed share
/// of the run, `linear` is `from + (to - from) p` and `cosine` is `from + (to - from) (1 - cos(pi p)) / 2`, the
/// schedule of BYOL's momentum (Grill et al. 2020, arXiv 2006.07733).
public struct ScheduledValue: Codable, Equatable, Sendable {
    /// How the value moves from one end to the other.
    public enum Shape: String, Codable, Sendable, CaseIterable {
        /// At a constant rate.
        case linear
        /// Slowly at both ends.
        case cosine
    }

    /// The value at the beginning.
    public var from: Double
    /// The value at the end.
    public var to: Double
    /// How the value moves from `from` to `to`.
    public var shape: Shape

    /// A constant.
    public init(_ value: Double) { self.init(from: value, to: value) }

    /// A value that moves.
    public init(from: Double, to: Double, shape: Shape = .cosine) {
        self.from = from
        self.to = to
        self.shape = shape
    }

    /// The value after the share `progress` of the run, 0...1.
    public func value(at progress: Double) -> Double {
        // The ends and constants are exact.
        guard from != to, progress > 0 else { return from }
        guard progress < 1 else { return to }
        let share =
            switch shape {
            case .linear: progress
            case .cosine: (1 - cos(.pi * progress)) / 2
            }
        return from + (to - from) * share
    }

    /// Becomes the constant that holds after the share `progress` of the run.
    mutating func advance(to progress: Double) { self = ScheduledValue(value(at: progress)) }

    private enum CodingKeys: CodingKey { case from, to, shape }

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
                    debugDescription: "must be a number, or {from: number, to: number, shape: linear or cosine}"))
        }
        self.init(
            from: try container.decode(Double.self, forKey: .from), to: try container.decode(Double.self, forKey: .to),
            shape: try container.decodeIfPresent(Shape.self, forKey: .shape) ?? .cosine)
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
    }
}

extension ScheduledValue: ExpressibleByFloatLiteral {
    /// A constant.
    public init(floatLiteral value: Double) { self.init(value) }
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
    for (end, value) in [("from", value.from), ("to", value.to)] {
        guard !value.isNaN, accepts(value) else {
            throw InvalidSetting(isConstant ? key : "\(key).\(end)", "must be \(wanted), is \(value)")
        }
    }
}
