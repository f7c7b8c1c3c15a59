/// Keeps only the top `bits` of each pixel value with probability `p`: torchvision's `RandomPosterize`.
public struct Posterize: Augmentation {
    /// Its name in pipeline files.
    public static let name = "posterize"
    /// How many bits are kept, 0...8; torchvision has no default.
    public var bits = 4
    /// The probability that the step is applied, 0...1.
    public var p = 0.5

    /// 4 bits, with probability 0.5.
    public init() {}

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("bits", bits, in: 0...8)
        try require("p", p, in: 0...1)
    }

    /// Uses two random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> NoParameters? {
        random.chance(p) ? NoParameters() : nil
    }

    /// Masks in place.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.posterize($0, bits: bits) }
    }
}
