/// Levels of `threshold` and more inverted with probability `p`: torchvision's `RandomSolarize`.
///
/// x becomes 255 - x where x >= threshold.
public struct Solarize: Augmentation {
    /// `solarize`.
    public static let name = "solarize"
    /// The smallest level that is inverted, 0...255; torchvision has no default.
    public var threshold = 128.0
    /// The probability.
    public var p = 0.5

    /// The upper half, half of the time.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("threshold", threshold, in: 0...255)
        try require("p", p, in: 0...1)
    }

    /// Two draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> NoParameters? {
        random.chance(p) ? NoParameters() : nil
    }

    /// Inverts in place.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.solarize($0, threshold: UInt8(threshold.rounded(.up))) }
    }
}
