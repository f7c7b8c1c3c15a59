/// Rotates the picture about its centre by a random angle, counter-clockwise, and keeps its size: torchvision's
/// `RandomRotation`, with a probability.
public struct Rotation: Augmentation {
    /// Its name in pipeline files.
    public static let name = "rotation"
    /// The angle in degrees: `a` for a draw from `[-a, a]`, or the two bounds; torchvision has no default.
    public var degrees = Jitter.magnitude(30)
    /// How pixels are interpolated: nearest or bilinear.
    public var interpolation = WarpInterpolation.nearest
    /// The colour of pixels that come from outside the picture.
    public var fill = Fill()
    /// The probability that the step is applied, 0...1.
    public var p = 1.0

    /// Angles up to 30 degrees in either direction.
    public init() {}

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// Counter-clockwise, in degrees.
        public var angle: Double

        /// Parameters with these values.
        public init(angle: Double) {
            self.angle = angle
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try degrees.validate("degrees", largest: 360, in: -360...360)
        try require("p", p, in: 0...1)
    }

    /// Uses four random draws, or two if the step is skipped.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(angle: random.uniform(in: degrees.shifts))
    }

    /// Replaces the picture.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        let matrix = inverseAffine(angle: -parameters.angle, translate: (0, 0), scale: 1, shear: (0, 0))
        canvas.replace(size: canvas.size) { source, target in
            PixelOperations.warp(
                source, matrix: matrix, linear: interpolation == .bilinear, fill: fill, to: target, scratch: canvas)
        }
    }
}
