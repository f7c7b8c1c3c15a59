/// Normal noise added to every level: torchvision's `GaussianNoise` on bytes, with a probability.
///
/// x becomes clamp(x + trunc(255 (mean + sigma n))), n standard normal and drawn for each level, as torchvision truncates
/// it on bytes. The noise is a function of its key and a level's index. torchvision's `clip: false` wraps around on bytes
/// and is left out.
public struct GaussianNoise: Augmentation {
    /// `gaussian_noise`.
    public static let name = "gaussian_noise"
    /// The mean, in units of all levels: 1 is 255.
    public var mean = 0.0
    /// The deviation, likewise.
    public var sigma = 0.1
    /// The probability.
    public var p = 1.0

    /// torchvision's defaults.
    public init() {}

    /// What was drawn.
    public struct Parameters: Codable, Equatable, Sendable {
        /// Which noise.
        public var noise: NoiseKey

        /// Makes parameters.
        public init(noise: NoiseKey) {
            self.noise = noise
        }
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("mean", mean, in: -1...1)
        try require("sigma", sigma, in: 0...100)
        try require("p", p, in: 0...1)
    }

    /// Four draws, or two where chance leaves the picture alone.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(noise: NoiseKey(from: &random))
    }

    /// Adds the noise in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { image in
            PixelOperations.addNoise(
                image, mean: 255 * mean, deviation: 255 * sigma, key: parameters.noise, scratch: canvas)
        }
    }
}
