/// Sets a random rectangle to one colour or to noise with probability `p`: torchvision's `RandomErasing`, on bytes.
///
/// The rectangle is drawn as in torchvision; if ten tries do not fit, nothing is erased. `value: random` sets every
/// pixel value to a uniform draw from 0...255, as in the paper (Zhong 2017, 1708.04896, algorithm 1). torchvision
/// erases after normalisation and uses normal draws.
public struct RandomErasing: Augmentation {
    /// Its name in pipeline files.
    public static let name = "random_erasing"
    /// Bounds of the area, as a share of the picture's.
    public var scale = Interval(0.02, 0.33)
    /// Bounds of height / width.
    public var ratio = Interval(0.3, 3.3)
    /// What the rectangle is set to.
    public var value = ErasingValue.fill(Fill())
    /// The probability that the step is applied, 0...1.
    public var p = 0.5

    /// torchvision's defaults.
    public init() {}

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The rectangle.
        public var region: Region
        /// The key of its noise; nil for one colour.
        public var noise: NoiseKey?

        /// Parameters with these values.
        public init(region: Region, noise: NoiseKey? = nil) {
            self.region = region
            self.noise = noise
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("scale", scale, in: 0...1)
        try require("ratio", ratio, in: 0.01...100)
        try require("p", p, in: 0...1)
    }

    /// Uses two draws, at most ten times six for the rectangle, and two for the noise.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p),
            let region = Region(erasing: scale, ratio: ratio, of: input, random: &random)
        else { return nil }
        return Parameters(region: region, noise: value == .random ? NoiseKey(from: &random) : nil)
    }

    /// Erases in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { image in
            switch (value, parameters.noise) {
            case (.fill(let fill), _): PixelOperations.erase(image, region: parameters.region, fill: fill)
            case (.random, let key?): PixelOperations.eraseWithNoise(image, region: parameters.region, key: key)
            case (.random, nil): break
            }
        }
    }
}

/// What an erased rectangle is set to; written as `random`, as one value, or as `[red, green, blue]`.
public enum ErasingValue: Codable, Hashable, Sendable {
    /// One colour.
    case fill(Fill)
    /// Every pixel value is uniform in 0...255.
    case random

    /// Decodes `random` or a colour.
    public init(from decoder: any Decoder) throws {
        guard let word = try? decoder.singleValueContainer().decode(String.self) else {
            self = .fill(try Fill(from: decoder))
            return
        }
        guard word == "random" else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "must be random, a value in 0...255, or three: [red, green, blue]"))
        }
        self = .random
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .fill(let fill): try fill.encode(to: encoder)
        case .random:
            var container = encoder.singleValueContainer()
            try container.encode("random")
        }
    }
}
