/// Stretches each channel to 0...255 with probability `p`: torchvision's `RandomAutocontrast`.
///
/// x becomes floor((x - min) / ((max - min) / 255)); a channel of one value stays as it is.
public struct Autocontrast: Augmentation {
    /// Its name in pipeline files.
    public static let name = "autocontrast"
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

    /// Maps the pixel values in place.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { image in
            PixelOperations.mapValues(image, scratch: canvas) { counts, table in
                guard let lowest = (0..<256).first(where: { counts[$0] > 0 }),
                    let highest = (0..<256).last(where: { counts[$0] > 0 }), lowest < highest
                else { return false }
                // In single precision and in torchvision's order, since the quotient is truncated.
                let unit = Float(highest - lowest) * Float(1.0 / 255)
                for value in 0..<256 {
                    table[value] = UInt8(min(255, Float(max(0, value - lowest)) / unit))
                }
                return true
            }
        }
    }
}
