/// Changes brightness, contrast, saturation and hue at random and in random order: torchvision's `ColorJitter`, with a
/// probability.
///
/// An adjustment whose setting is 0, the default, is not made.
public struct ColorJitter: Augmentation {
    /// Its name in pipeline files.
    public static let name = "color_jitter"
    /// Factor of all pixel values: `a` for a draw from `[max(0, 1 - a), 1 + a]`, or the two bounds.
    public var brightness = Jitter.magnitude(0)
    /// Factor of the distance from the picture's mean gray value, given as `brightness`.
    public var contrast = Jitter.magnitude(0)
    /// Factor of the distance from the pixel's gray value, given as `brightness`.
    public var saturation = Jitter.magnitude(0)
    /// Shift of the hue in turns: `a` for a draw from `[-a, a]`, or the two bounds, within -0.5...0.5.
    public var hue = Jitter.magnitude(0)
    /// The probability that the step is applied, 0...1.
    public var p = 1.0

    /// torchvision's defaults, which change nothing.
    public init() {}

    /// One adjustment of all pixels.
    public enum Adjustment: Codable, Equatable, Sendable {
        /// `clamp(factor * x)`.
        case brightness(factor: Double)
        /// `clamp(factor * x + (1 - factor) * mean gray)`.
        case contrast(factor: Double)
        /// `clamp(factor * x + (1 - factor) * gray)`.
        case saturation(factor: Double)
        /// Shifts the hue by a part of a turn.
        case hue(shift: Double)
    }

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The adjustments in their order.
        public var adjustments: [Adjustment]

        /// Parameters with these values.
        public init(_ adjustments: [Adjustment]) {
            self.adjustments = adjustments
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try brightness.validate("brightness", largest: 1e6, in: 0...1e6)
        try contrast.validate("contrast", largest: 1e6, in: 0...1e6)
        try saturation.validate("saturation", largest: 1e6, in: 0...1e6)
        try hue.validate("hue", largest: 0.5, in: -0.5...0.5)
        try require("p", p, in: 0...1)
    }

    /// Uses 13 random draws with any settings, or two if the step is skipped.
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

    /// Makes the adjustments in order and rounds to bytes after each.
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
