/// Changes the sharpness with probability `p`: torchvision's `RandomAdjustSharpness`.
///
/// clamp(f x + (1 - f) blurred), with blurred = round(([1 1 1; 1 5 1; 1 1 1] * x) / 13); the border and pictures
/// thinner than three pixels stay as they are.
public struct Sharpness: Augmentation {
    /// Its name in pipeline files.
    public static let name = "sharpness"
    /// 0 blurs, 1 changes nothing, 2 doubles the sharpness; torchvision has no default.
    public var sharpnessFactor = 2.0
    /// The probability that the step is applied, 0...1.
    public var p = 0.5

    /// Twice as sharp, with probability 0.5.
    public init() {}

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("sharpness_factor", sharpnessFactor, in: 0...1e6)
        try require("p", p, in: 0...1)
    }

    /// Uses two random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> NoParameters? {
        random.chance(p) ? NoParameters() : nil
    }

    /// Replaces the picture.
    public func apply(_ parameters: NoParameters, to canvas: Canvas) {
        guard canvas.size.width > 2, canvas.size.height > 2 else { return }
        canvas.replace(size: canvas.size) { source, target in
            PixelOperations.sharpness(source, factor: sharpnessFactor, to: target)
        }
    }
}
