/// Mirrors the picture from left to right with probability `p`: torchvision's `RandomHorizontalFlip`.
public struct HorizontalFlip: Augmentation {
    /// Its name in pipeline files.
    public static let name = "horizontal_flip"
    /// The probability that the step is applied, 0...1.
    public var p = 0.5

    /// torchvision's defaults.
    public init() {}

    /// Throws `InvalidSetting` for a probability outside 0...1.
    public func validate() throws(InvalidSetting) {
        try require("p", p, in: 0...1)
    }

    /// Uses two random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> NoParameters? {
        random.chance(p) ? NoParameters() : nil
    }

    /// Mirrors every row.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.mirror($0, scratch: canvas) }
    }
}
