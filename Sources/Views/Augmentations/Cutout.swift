/// A random rectangle set to one colour with probability `p`: torchvision's `RandomErasing` on bytes.
///
/// The rectangle's area is uniform in `scale` times the picture's, the logarithm of its height to width ratio uniform in the
/// logarithms of `ratio`; after ten tries that do not fit, nothing is erased.
public struct Cutout: Augmentation {
    /// `cutout`.
    public static let name = "cutout"
    /// The share of the picture's area.
    public var scale = Interval(0.02, 0.33)
    /// Height over width.
    public var ratio = Interval(0.3, 3.3)
    /// The colour of the rectangle.
    public var value = Fill()
    /// The probability; torchvision's default is 0.5.
    public var p = 1.0

    /// torchvision's rectangles, always.
    public init() {}

    /// What was drawn.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The rectangle.
        public var region: Region

        /// Makes parameters.
        public init(region: Region) {
            self.region = region
        }
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("scale", scale, in: 0...1)
        try require("ratio", ratio, in: 0.01...100)
        try require("p", p, in: 0...1)
    }

    /// At most two draws and ten tries of six.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Region(erasing: scale, ratio: ratio, of: input, random: &random).map(Parameters.init)
    }

    /// Erases in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.erase($0, region: parameters.region, fill: value) }
    }
}
