/// The gray level in all three channels with probability `p`: torchvision's `RandomGrayscale`.
///
/// gray = floor(0.2989 R + 0.587 G + 0.114 B).
public struct Grayscale: Augmentation {
    /// `grayscale`.
    public static let name = "grayscale"
    /// The probability.
    public var p = 0.1

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

    /// Makes the channels equal.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.grayscale($0) }
    }
}
