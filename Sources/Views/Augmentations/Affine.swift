/// Rotates (clockwise), moves, scales and shears the picture about its centre and keeps its size: torchvision's
/// `RandomAffine`, with a probability.
public struct Affine: Augmentation {
    /// Its name in pipeline files.
    public static let name = "affine"
    /// The angle in degrees: `a` for a draw from `[-a, a]`, or the two bounds; torchvision has no default.
    public var degrees = Jitter.magnitude(0)
    /// The largest shift across and down, as shares of width and height; none by default.
    public var translate: [Double]?
    /// Bounds of the scale; 1 by default.
    public var scale: Interval?
    /// Bounds of the shear in degrees: across, or across and down; none by default.
    public var shear: [Double]?
    /// How pixels are interpolated: nearest or bilinear.
    public var interpolation = WarpInterpolation.nearest
    /// The colour of pixels that come from outside the picture.
    public var fill = Fill()
    /// The probability that the step is applied, 0...1.
    public var p = 1.0

    /// No change: set at least one of the transforms.
    public init() {}

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// Clockwise, in degrees.
        public var angle: Double
        /// To the right, in pixels.
        public var translateX: Int
        /// Down, in pixels.
        public var translateY: Int
        /// The factor of the size.
        public var scale: Double
        /// Across, in degrees.
        public var shearX: Double
        /// Down, in degrees.
        public var shearY: Double

        /// Parameters with these values.
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

    /// Throws `InvalidSetting` for a setting that is out of range.
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

    /// Uses 14 random draws with any settings, or two if the step is skipped.
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

    /// Replaces the picture.
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
