/// Rotated (clockwise), moved, scaled and sheared about the centre, in the same extent: torchvision's `RandomAffine`, with a
/// probability.
public struct Affine: Augmentation {
    /// `affine`.
    public static let name = "affine"
    /// The angle in degrees: `a` for a draw from `[-a, a]`, or the two bounds; torchvision has no default.
    public var degrees = Jitter.magnitude(0)
    /// The largest shift across and down, as shares of width and height; none by default.
    public var translate: [Double]?
    /// Bounds of the scale; 1 by default.
    public var scale: Interval?
    /// Degrees: the bounds across, or across and down; none by default.
    public var shear: [Double]?
    /// Nearest pixel or bilinear.
    public var interpolation = WarpInterpolation.nearest
    /// The colour of what comes from outside.
    public var fill = Fill()
    /// The probability.
    public var p = 1.0

    /// No change until something is set.
    public init() {}

    /// What was drawn.
    public struct Parameters: Codable, Equatable, Sendable {
        /// Clockwise, in degrees.
        public var angle: Double
        /// To the right, in pixels.
        public var translateX: Int
        /// Down, in pixels.
        public var translateY: Int
        /// The factor.
        public var scale: Double
        /// Across, in degrees.
        public var shearX: Double
        /// Down, in degrees.
        public var shearY: Double

        /// Makes parameters.
        public init(
            angle: Double = 0, translateX: Int = 0, translateY: Int = 0, scale: Double = 1, shearX: Double = 0,
            shearY: Double = 0
        ) {
            self.angle = angle
            self.translateX = translateX
            self.translateY = translateY
            self.scale = scale
            self.shearX = shearX
            self.shearY = shearY
        }
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try degrees.validate("degrees", largest: 360, in: -360...360)
        if let translate {
            guard translate.count == 2 else {
                throw InvalidSetting("translate", "must have 2 values, across and down, has \(translate.count)")
            }
            for share in translate { try require("translate", share, in: 0...1) }
        }
        if let scale { try require("scale", scale, in: 0.001...1000) }
        if let shear {
            guard shear.count == 2 || shear.count == 4 else {
                throw InvalidSetting("shear", "must have 2 values, or 4 for across and down, has \(shear.count)")
            }
            for first in stride(from: 0, to: shear.count, by: 2) {
                try require("shear", Interval(shear[first], shear[first + 1]), in: -89...89)
            }
        }
        try require("p", p, in: 0...1)
    }

    /// 14 draws, whatever the settings, or two where chance leaves the picture alone.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        let angle = random.uniform(in: degrees.shifts)
        let reachX = (translate?[0] ?? 0) * Double(input.width)
        let reachY = (translate?[1] ?? 0) * Double(input.height)
        let moveX = Int(random.uniform(in: -reachX...reachX).rounded(.toNearestOrEven))
        let moveY = Int(random.uniform(in: -reachY...reachY).rounded(.toNearestOrEven))
        let factor = random.uniform(in: scale ?? Interval(1, 1))
        let bounds = shear ?? []
        let shearX = random.uniform(in: bounds.count >= 2 ? Interval(bounds[0], bounds[1]) : Interval(0, 0))
        let shearY = random.uniform(in: bounds.count == 4 ? Interval(bounds[2], bounds[3]) : Interval(0, 0))
        return Parameters(
            angle: angle, translateX: moveX, translateY: moveY, scale: factor, shearX: shearX, shearY: shearY)
    }

    /// Writes a new picture.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        let matrix = inverseAffine(
            angle: parameters.angle, translate: (Double(parameters.translateX), Double(parameters.translateY)),
            scale: parameters.scale, shear: (parameters.shearX, parameters.shearY))
        canvas.replace(size: canvas.size) { source, target in
            PixelOperations.warp(
                source, matrix: matrix, linear: interpolation == .bilinear, fill: fill, to: target, scratch: canvas)
        }
    }
}
