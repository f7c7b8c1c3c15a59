/// Flattens each channel's histogram with probability `p`: torchvision's `RandomEqualize`, which is Pillow's.
///
/// With n(x) pixels below value x and `step` the number of pixels not of the highest value, divided by 255 and rounded
/// down, x becomes min(255, (n(x) + step / 2) / step), in integers; a channel with step 0 stays as it is.
public struct Equalize: Augmentation {
    /// Its name in pipeline files.
    public static let name = "equalize"
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
            let area = image.size.area
            PixelOperations.mapValues(image, scratch: canvas) { counts, table in
                guard let highest = (0..<256).last(where: { counts[$0] > 0 }) else { return false }
                let step = (area - Int(counts[highest])) / 255
                guard step > 0 else { return false }
                var below = 0
                for value in 0..<256 {
                    table[value] = UInt8(clamping: (below + step / 2) / step)
                    below += Int(counts[value])
                }
                return true
            }
        }
    }
}
