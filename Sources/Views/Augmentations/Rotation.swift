/// Rotated about the centre by a random angle, counter-clockwise, in the same extent: torchvision's `RandomRotation`, with
/// a probability.
public struct Rotation: Augmentation {
    /// `rotation`.
    public static let name = "rotation"
    /// The angle in degrees: `a` for a draw from `[-a, a]`, or the two bounds; torchvision has no default.
    public var degrees = Jitter.magnitude(30)
    /// Nearest pixel or bilinear.
    public var interpolation = WarpInterpolation.nearest
    /// The colour of what comes from outside.
    public var fill = Fill()
    /// The probability.
    public var p = 1.0

    /// Up to 30 degrees to either side.
    public init() {}

    /// What was drawn.
    public struct Parameters: Codable, Equatable, Sendable {
        /// Counter-clockwise, in degrees.
        public var angle: Double

        /// Makes parameters.
        public init(angle: Double) {
            self.angle = angle
        }
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try degrees.validate("degrees", largest: 360, in: -360...360)
        try require("p", p, in: 0...1)
    }

    /// Four draws, or two where chance leaves the picture alone.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(angle: random.uniform(in: degrees.shifts))
    }

    /// Writes a new picture.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        let matrix = inverseAffine(angle: -parameters.angle, translate: (0, 0), scale: 1, shear: (0, 0))
        canvas.replace(size: canvas.size) { source, target in
            PixelOperations.warp(
                source, matrix: matrix, linear: interpolation == .bilinear, fill: fill, to: target, scratch: canvas)
        }
    }
}
