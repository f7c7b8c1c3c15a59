/// Left and right exchanged with probability `p`: torchvision's `RandomHorizontalFlip`.
public struct HorizontalFlip: Augmentation {
    /// `horizontal_flip`.
    public static let name = "horizontal_flip"
    /// The probability.
    public var p = 0.5

    /// torchvision's defaults.
    public init() {}

    /// Checks the probability.
    public func validate() throws(InvalidSetting) {
        try require("p", p, in: 0...1)
    }

    /// Two draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> NoParameters? {
        random.chance(p) ? NoParameters() : nil
    }

    /// Mirrors every row.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.mirror($0, scratch: canvas) }
    }
}
