/// Each channel stretched to all levels with probability `p`: torchvision's `RandomAutocontrast`.
///
/// x becomes floor((x - min) / ((max - min) / 255)); a channel of one level stays as it is.
public struct Autocontrast: Augmentation {
    /// `autocontrast`.
    public static let name = "autocontrast"
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

    /// Maps the levels in place.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { image in
            PixelOperations.mapLevels(image, scratch: canvas) { counts, table in
                guard let lowest = (0..<256).first(where: { counts[$0] > 0 }),
                    let highest = (0..<256).last(where: { counts[$0] > 0 }), lowest < highest
                else { return false }
                // In single precision and in torchvision's order, since the quotient is truncated.
                let unit = Float(highest - lowest) * Float(1.0 / 255)
                for level in 0..<256 {
                    table[level] = UInt8(min(255, Float(max(0, level - lowest)) / unit))
                }
                return true
            }
        }
    }
}
