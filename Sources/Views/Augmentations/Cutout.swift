/// Sets a random rectangle to one colour with probability `p`: torchvision's `RandomErasing` on bytes.
///
/// The rectangle's area is uniform in `scale` times the picture's, and the logarithm of height / width is uniform
/// between the logarithms of `ratio`. If ten tries do not fit, nothing is erased.
public struct Cutout: Augmentation {
    /// Its name in pipeline files.
    public static let name = "cutout"
    /// Bounds of the area, as a share of the picture's.
    public var scale = Interval(0.02, 0.33)
    /// Bounds of height / width.
    public var ratio = Interval(0.3, 3.3)
    /// The colour of the rectangle.
    public var value = Fill()
    /// The probability; torchvision's default is 0.5.
    public var p = 1.0

    /// torchvision's rectangles, with probability 1.
    public init() {}

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The rectangle.
        public var region: Region

        /// Parameters with these values.
        public init(region: Region) {
            self.region = region
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("scale", scale, in: 0...1)
        try require("ratio", ratio, in: 0.01...100)
        try require("p", p, in: 0...1)
    }

    /// Uses at most two random draws and ten tries of six.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Region(erasing: scale, ratio: ratio, of: input, random: &random).map(Parameters.init)
    }

    /// Erases in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.erase($0, region: parameters.region, fill: value) }
    }
}
