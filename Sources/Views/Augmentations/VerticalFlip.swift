/// Top and bottom exchanged with probability `p`: torchvision's `RandomVerticalFlip`.
public struct VerticalFlip: Augmentation {
    /// `vertical_flip`.
    public static let name = "vertical_flip"
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
