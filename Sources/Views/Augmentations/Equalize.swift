/// Each channel's histogram flattened with probability `p`: torchvision's `RandomEqualize`, which is Pillow's.
///
/// With n(x) pixels below level x and `step` the number of pixels not of the highest level, divided by 255 and rounded
/// down, x becomes min(255, (n(x) + step / 2) / step), in integers; a channel with step 0 stays as it is.
public struct Equalize: Augmentation {
    /// `equalize`.
    public static let name = "equalize"
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
            let area = image.size.area
            PixelOperations.mapLevels(image, scratch: canvas) { counts, table in
                guard let highest = (0..<256).last(where: { counts[$0] > 0 }) else { return false }
                let step = (area - Int(counts[highest])) / 255
                guard step > 0 else { return false }
                var below = 0
                for level in 0..<256 {
                    table[level] = UInt8(clamping: (below + step / 2) / step)
                    below += Int(counts[level])
                }
                return true
            }
        }
    }
}
