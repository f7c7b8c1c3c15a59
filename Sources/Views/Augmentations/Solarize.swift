/// Inverts pixel values of `threshold` and more with probability `p`: torchvision's `RandomSolarize`.
///
/// x becomes 255 - x where x >= threshold.
public struct Solarize: Augmentation {
    /// Its name in pipeline files.
    public static let name = "solarize"
    /// The smallest pixel value that is inverted, 0...255; torchvision has no default.
    public var threshold = 128.0
    /// The probability that the step is applied, 0...1.
    public var p = 0.5

    /// Values from 128 on, with probability 0.5.
    public init() {}

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("threshold", threshold, in: 0...255)
        try require("p", p, in: 0...1)
    }

    /// Uses two random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> NoParameters? {
        random.chance(p) ? NoParameters() : nil
    }

    /// Inverts in place.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.solarize($0, threshold: UInt8(threshold.rounded(.up))) }
    }
}
