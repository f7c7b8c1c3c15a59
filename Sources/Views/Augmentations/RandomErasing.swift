/// A random rectangle set to one colour or to noise with probability `p`: torchvision's `RandomErasing`, on bytes.
///
/// The rectangle is drawn as torchvision draws it; after ten tries that do not fit, nothing is erased. `value: random` sets
/// every level to a uniform one in 0...255, as the paper does (Zhong 2017, 1708.04896, algorithm 1); torchvision, which
/// erases after normalisation, takes normal draws there.
public struct RandomErasing: Augmentation {
    /// `random_erasing`.
    public static let name = "random_erasing"
    /// The share of the picture's area.
    public var scale = Interval(0.02, 0.33)
    /// Height over width.
    public var ratio = Interval(0.3, 3.3)
    /// What the rectangle becomes.
    public var value = ErasingValue.fill(Fill())
    /// The probability.
    public var p = 0.5

    /// torchvision's defaults.
    public init() {}

    /// What was drawn.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The rectangle.
        public var region: Region
        /// The noise in it; nil where it becomes one colour.
        public var noise: NoiseKey?

        /// Makes parameters.
        public init(region: Region, noise: NoiseKey? = nil) {
            self.region = region
            self.noise = noise
        }
    }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("scale", scale, in: 0...1)
        try require("ratio", ratio, in: 0.01...100)
        try require("p", p, in: 0...1)
    }

    /// At most two draws, ten tries of six, and two for the noise.
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

/// What an erased rectangle becomes; written as `random`, as one level, or as `[red, green, blue]`.
public enum ErasingValue: Codable, Hashable, Sendable {
    /// One colour.
    case fill(Fill)
    /// Every level uniform in 0...255.
    case random

    /// Reads the word or a colour.
    public init(from decoder: any Decoder) throws {
        guard let word = try? decoder.singleValueContainer().decode(String.self) else {
            self = .fill(try Fill(from: decoder))
            return
        }
        guard word == "random" else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "must be random, a level in 0...255, or three: [red, green, blue]"))
        }
        self = .random
    }

    /// Writes the same.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .fill(let fill): try fill.encode(to: encoder)
        case .random:
            var container = encoder.singleValueContainer()
            try container.encode("random")
        }
    }
}
