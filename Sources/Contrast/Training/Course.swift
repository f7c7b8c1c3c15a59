import Foundation
import Views

/// A number that changes over training: a curriculum for a temperature, a momentum or a share.
///
/// A file writes `0.5` for a constant, or `{from: 0.5, to: 0.1, shape: linear}`. With p in 0...1, the share of the run that
/// is done, `linear` is `from + (to - from) p`, and `cosine` is `from + (to - from) (1 - cos(pi p)) / 2`, as Grill et al. 2020
/// (arXiv 2006.07733) let a momentum rise.
public struct Course: Codable, Equatable, Sendable {
    /// How the way is spread over training.
    public enum Shape: String, Codable, Sendable, CaseIterable {
        /// Evenly.
        case linear
        /// Slowly at both ends.
        case cosine
    }

    /// The value at the beginning.
    public var from: Double
    /// The value at the end.
    public var to: Double
    /// How the way is spread over training.
    public var shape: Shape

    /// A constant.
    public init(_ value: Double) { self.init(from: value, to: value) }

    /// A way from one value to another.
    public init(from: Double, to: Double, shape: Shape = .cosine) {
        self.from = from
        self.to = to
        self.shape = shape
    }

    /// The value where `progress` of the run is done, 0...1.
    public func value(at progress: Double) -> Double {
        // Exactly the ends, and a constant whatever the rounding.
        guard from != to, progress > 0 else { return from }
        guard progress < 1 else { return to }
        let share =
            switch shape {
            case .linear: progress
            case .cosine: (1 - cos(.pi * progress)) / 2
            }
        return from + (to - from) * share
    }

    /// The constant that holds where `progress` of the run is done.
    func at(_ progress: Double) -> Course { Course(value(at: progress)) }

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

    /// Writes a number where it is constant.
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

extension Course: ExpressibleByFloatLiteral {
    /// A constant.
    public init(floatLiteral value: Double) { self.init(value) }
}

/// Throws unless both ends of a course are accepted; the key names the end that is not.
func require(
    _ key: String, _ course: Course, _ wanted: String, _ accepts: (Double) -> Bool
) throws(InvalidSetting) {
    let constant = course.from == course.to
    for (end, value) in [("from", course.from), ("to", course.to)] {
        guard !value.isNaN, accepts(value) else {
            throw InvalidSetting(constant ? key : "\(key).\(end)", "must be \(wanted), is \(value)")
        }
    }
}
