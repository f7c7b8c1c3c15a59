/// Sets all three channels to the gray value with probability `p`: torchvision's `RandomGrayscale`.
///
/// gray = floor(0.2989 R + 0.587 G + 0.114 B).
public struct Grayscale: Augmentation {
    /// Its name in pipeline files.
    public static let name = "grayscale"
    /// The probability that the step is applied, 0...1.
    public var p = 0.1

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

    /// Makes the channels equal.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        canvas.mutate { PixelOperations.grayscale($0) }
    }
}
