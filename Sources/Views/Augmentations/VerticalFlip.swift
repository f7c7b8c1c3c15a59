/// Mirrors the picture from top to bottom with probability `p`: torchvision's `RandomVerticalFlip`.
public struct VerticalFlip: Augmentation {
    /// Its name in pipeline files.
    public static let name = "vertical_flip"
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

    /// Reverses the order of the rows.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        let size = canvas.size
        canvas.replace(size: size) { source, target in
            for row in 0..<Image.channels * size.height {
                let (channel, y) = row.quotientAndRemainder(dividingBy: size.height)
                (target.plane(channel) + y * size.width).update(
                    from: source.plane(channel) + (size.height - 1 - y) * size.width, count: size.width)
            }
        }
    }
}
