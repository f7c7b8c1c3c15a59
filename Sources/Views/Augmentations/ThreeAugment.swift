/// Applies grayscale, solarization or blur with equal probability: the 3-Augment of DeiT III (Touvron 2022,
/// 2204.07118).
///
/// Grayscale and solarization are those of `grayscale` and `solarize`; the blur is that of `gaussian_blur`, while
/// the original uses Pillow's approximation by boxes. As in the original, flip, crop and colour jitter are separate
/// steps.
public struct ThreeAugment: Augmentation {
    /// Its name in pipeline files.
    public static let name = "three_augment"
    /// The smallest pixel value that solarization inverts, 0...255.
    public var threshold = 128.0
    /// The blur's number of taps along each side, odd; that of `gaussian_blur` if nil.
    public var kernelSize: Int?
    /// Bounds of the blur's standard deviation in pixels.
    public var sigma = Interval(0.1, 2)
    /// The probability that one of the three is applied, 0...1.
    public var p = 1.0

    /// The original's settings.
    public init() {}

    /// The operation that was drawn, with the blur's parameters.
    public enum Parameters: Codable, Equatable, Sendable {
        /// Sets all channels to the gray value.
        case grayscale
        /// Inverts high pixel values.
        case solarize
        /// Blurs.
        case blur(kernelSize: Int, sigma: Double)
    }

    private var blur: GaussianBlur {
        var blur = GaussianBlur()
        blur.kernelSize = kernelSize
        blur.sigma = sigma
        return blur
    }

    private var solarize: Solarize {
        var solarize = Solarize()
        solarize.threshold = threshold
        return solarize
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try solarize.validate()
        try blur.validate()
        try require("p", p, in: 0...1)
    }

    /// Keeps the size; half the blur's kernel must be smaller than either side.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        try blur.shape(of: input, target: target)
    }

    /// Uses three random draws, and four for a blur; or two if the step is skipped.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        switch random.integer(below: 3) {
        case 0: return .grayscale
        case 1: return .solarize
        default:
            return blur.sample(from: &random, input: input, target: target).map {
                .blur(kernelSize: $0.kernelSize, sigma: $0.sigma)
            }
        }
    }

    /// Changes the picture in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        switch parameters {
        case .grayscale: Grayscale().apply(NoParameters(), to: canvas)
        case .solarize: solarize.apply(NoParameters(), to: canvas)
        case .blur(let kernelSize, let sigma):
            blur.apply(GaussianBlur.Parameters(kernelSize: kernelSize, sigma: sigma), to: canvas)
        }
    }
}
