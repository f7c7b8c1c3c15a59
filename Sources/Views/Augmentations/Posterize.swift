/// Only the top `bits` of each level kept with probability `p`: torchvision's `RandomPosterize`.
public struct Posterize: Augmentation {
    /// `posterize`.
    public static let name = "posterize"
    /// How many bits are kept, 0...8; torchvision has no default.
    public var bits = 4
    /// The probability.
    public var p = 0.5

    /// Sixteen levels, half of the time.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("bits", bits, in: 0...8)
        try require("p", p, in: 0...1)
    }

    /// Two draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> NoParameters? {
        random.chance(p) ? NoParameters() : nil
    }

    /// Masks in place.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.posterize($0, bits: bits) }
    }
}
