/// Adds normal noise to every pixel value: torchvision's `GaussianNoise` on bytes, with a probability.
///
/// x becomes clamp(x + trunc(255 (mean + sigma n))), n standard normal and drawn for each value; torchvision truncates
/// in this way on bytes. The noise is a function of its key and a value's index. torchvision's `clip: false`, which
/// wraps around on bytes, is not supported.
public struct GaussianNoise: Augmentation {
    /// Its name in pipeline files.
    public static let name = "gaussian_noise"
    /// The mean, as a share of 255.
    public var mean = 0.0
    /// The standard deviation, as a share of 255.
    public var sigma = 0.1
    /// The probability that the step is applied, 0...1.
    public var p = 1.0

    /// torchvision's defaults.
    public init() {}

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The key of the noise.
        public var noise: NoiseKey

        /// Parameters with these values.
        public init(noise: NoiseKey) {
            self.noise = noise
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("mean", mean, in: -1...1)
        try require("sigma", sigma, in: 0...100)
        try require("p", p, in: 0...1)
    }

    /// Uses four random draws, or two if the step is skipped.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(noise: NoiseKey(from: &random))
    }

    /// Adds the noise in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { image in
            PixelOperations.addNoise(
                image, mean: 255 * mean, std: 255 * sigma, key: parameters.noise, scratch: canvas)
        }
    }
}
