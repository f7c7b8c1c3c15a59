/// One of gray, inverted highlights and blur, each as likely: the 3-Augment of DeiT III (Touvron 2022, 2204.07118).
///
/// Grayscale and solarization are those of `grayscale` and `solarize`; the blur is `gaussian_blur`'s, where the original
/// takes Pillow's, which approximates it by boxes. As with the original, a flip, a crop and a colour jitter are steps of
/// their own.
public struct ThreeAugment: Augmentation {
    /// `three_augment`.
    public static let name = "three_augment"
    /// The smallest level that is inverted, 0...255.
    public var threshold = 128.0
    /// The blur's number of taps to a side, odd; as `gaussian_blur`'s if nil.
    public var kernelSize: Int?
    /// The blur's deviation in pixels.
    public var sigma = Interval(0.1, 2)
    /// The probability that any of the three is done.
    public var p = 1.0

    /// The original's settings.
    public init() {}

    /// What was chosen, with the blur's own draw.
    public enum Parameters: Codable, Equatable, Sendable {
        /// The gray level in all channels.
        case grayscale
        /// High levels inverted.
        case solarize
        /// Blurred.
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

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try solarize.validate()
        try blur.validate()
        try require("p", p, in: 0...1)
    }

    /// Unchanged; half the blur's kernel must be smaller than either side.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        try blur.shape(of: input, target: target)
    }

    /// Three draws, and four for a blur; or two where chance leaves the picture alone.
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
