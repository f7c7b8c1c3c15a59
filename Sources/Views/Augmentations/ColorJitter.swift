/// Brightness, contrast, saturation and hue changed at random, in a random order: torchvision's `ColorJitter`, with a
/// probability.
///
/// A part whose setting is 0, as by default, takes no part in it.
public struct ColorJitter: Augmentation {
    /// `color_jitter`.
    public static let name = "color_jitter"
    /// Factor of all levels: `a` for a draw from `[max(0, 1 - a), 1 + a]`, or the two bounds.
    public var brightness = Jitter.magnitude(0)
    /// Factor of the distance from the picture's mean gray, likewise.
    public var contrast = Jitter.magnitude(0)
    /// Factor of the distance from the pixel's gray, likewise.
    public var saturation = Jitter.magnitude(0)
    /// Shift of the hue in turns: `a` for a draw from `[-a, a]`, or the two bounds, within -0.5...0.5.
    public var hue = Jitter.magnitude(0)
    /// The probability that anything is done.
    public var p = 1.0

    /// torchvision's defaults, which change nothing.
    public init() {}

    /// One change of all pixels.
    public enum Adjustment: Codable, Equatable, Sendable {
        /// `clamp(factor * x)`.
        case brightness(factor: Double)
        /// `clamp(factor * x + (1 - factor) * mean gray)`.
        case contrast(factor: Double)
        /// `clamp(factor * x + (1 - factor) * gray)`.
        case saturation(factor: Double)
        /// The hue turned by a part of a turn.
        case hue(shift: Double)
    }

    /// What was drawn.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The changes in their order.
        public var adjustments: [Adjustment]

        /// Makes parameters.
        public init(_ adjustments: [Adjustment]) {
            self.adjustments = adjustments
        }
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try brightness.validate("brightness", largest: 1e6, in: 0...1e6)
        try contrast.validate("contrast", largest: 1e6, in: 0...1e6)
        try saturation.validate("saturation", largest: 1e6, in: 0...1e6)
        try hue.validate("hue", largest: 0.5, in: -0.5...0.5)
        try require("p", p, in: 0...1)
    }

    /// 13 draws, whatever the settings, or two where chance leaves the picture alone.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        let order = random.permutation(4)
        let factors = (
            random.uniform(in: brightness.factors), random.uniform(in: contrast.factors),
            random.uniform(in: saturation.factors), random.uniform(in: hue.shifts)
        )
        let adjustments = order.compactMap { part -> Adjustment? in
            switch part {
            case 0: brightness.factors == Interval(1, 1) ? nil : .brightness(factor: factors.0)
            case 1: contrast.factors == Interval(1, 1) ? nil : .contrast(factor: factors.1)
            case 2: saturation.factors == Interval(1, 1) ? nil : .saturation(factor: factors.2)
            default: hue.shifts == Interval(0, 0) ? nil : .hue(shift: factors.3)
            }
        }
        return adjustments.isEmpty ? nil : Parameters(adjustments)
    }

    /// Makes the changes in their order, rounding to bytes after each.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { image in
            for adjustment in parameters.adjustments {
                switch adjustment {
                case .brightness(let factor): PixelOperations.brightness(image, factor: factor)
                case .contrast(let factor): PixelOperations.contrast(image, factor: factor)
                case .saturation(let factor): PixelOperations.saturation(image, factor: factor)
                case .hue(let shift): PixelOperations.hue(image, shift: shift)
                }
            }
        }
    }
}
