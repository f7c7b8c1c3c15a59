/// Every pixel moved by smoothed noise, in the same extent: torchvision's `ElasticTransform`, with a probability.
///
/// The displacement in pixels is `alpha / 2` times noise uniform in [-1, 1), blurred with a Gaussian of deviation `sigma`, of
/// 8 sigma + 1 taps; across and down from noise of their own. torchvision rejects pictures that are smaller than half of
/// the kernel; here the kernel is cut to them.
public struct Elastic: Augmentation {
    /// `elastic`.
    public static let name = "elastic"
    /// The strength: one number, or two for across and down.
    public var alpha = OneOrTwo(50)
    /// The smoothness in pixels; 0 for none. torchvision takes two as well.
    public var sigma = 5.0
    /// Nearest pixel or bilinear.
    public var interpolation = WarpInterpolation.bilinear
    /// The colour of what comes from outside.
    public var fill = Fill()
    /// The probability.
    public var p = 1.0

    /// The most pixels that a picture may have: the working memory is twelve bytes a pixel.
    static let maximumArea = 1 << 24

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
        for value in [alpha.across, alpha.down] { try require("alpha", value, in: 0...1e5) }
        try require("sigma", sigma, in: 0...100)
        try require("p", p, in: 0...1)
    }

    /// Unchanged; a very large picture is to be cropped or resized first.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        if case .fixed(let size) = input, size.area > Self.maximumArea {
            throw InvalidSetting("", "a picture of \(size) is too large; crop or resize it first")
        }
        return input
    }

    /// Four draws, or two where chance leaves the picture alone.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(noise: NoiseKey(from: &random))
    }

    /// Writes a new picture.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.replace(size: canvas.size) { source, target in
            // torch's grid is two units wide, so a displacement of alpha / width of it is half of alpha in pixels.
            PixelOperations.elastic(
                source, strength: (alpha.across, alpha.down), smoothness: sigma, key: parameters.noise,
                linear: interpolation == .bilinear, fill: fill, to: target, scratch: canvas)
        }
    }
}

/// A value across and a value down; written as one number for both, or as `[across, down]`.
public struct OneOrTwo: Codable, Hashable, Sendable {
    /// Across.
    public var across: Double
    /// Down.
    public var down: Double

    /// One value for both.
    public init(_ both: Double) {
        self.init(both, both)
    }

    /// Two values.
    public init(_ across: Double, _ down: Double) {
        self.across = across
        self.down = down
    }

    /// Reads a number or two.
    public init(from decoder: any Decoder) throws {
        if let both = try? decoder.singleValueContainer().decode(Double.self) {
            self.init(both)
            return
        }
        let values = try? decoder.singleValueContainer().decode([Double].self)
        guard let values, values.count == 2 else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "must be a number, or two: [across, down]"))
        }
        self.init(values[0], values[1])
    }

    /// Writes the same.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if across == down {
            try container.encode(across)
        } else {
            try container.encode([across, down])
        }
    }
}
