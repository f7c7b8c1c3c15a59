/// Moves every pixel by smoothed noise and keeps the size: torchvision's `ElasticTransform`, with a probability.
///
/// The displacement in pixels is `alpha / 2` times noise uniform in [-1, 1), blurred with a Gaussian of standard
/// deviation `sigma` and 8 sigma + 1 taps. Horizontal and vertical noise are independent. torchvision rejects pictures
/// that are smaller than half of the kernel; here the kernel is cut to their size.
public struct Elastic: Augmentation {
    /// Its name in pipeline files.
    public static let name = "elastic"
    /// The strength: one number, or two for across and down.
    public var alpha = OneOrTwo(50)
    /// The standard deviation of the Gaussian in pixels; 0 for no blur. torchvision takes two values as well.
    public var sigma = 5.0
    /// How pixels are interpolated: nearest or bilinear.
    public var interpolation = WarpInterpolation.bilinear
    /// The colour of pixels that come from outside the picture.
    public var fill = Fill()
    /// The probability that the step is applied, 0...1.
    public var p = 1.0

    /// The largest picture in pixels: the step needs twelve bytes of memory a pixel.
    static let maximumArea = 1 << 24

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
        for value in [alpha.across, alpha.down] { try require("alpha", value, in: 0...1e5) }
        try require("sigma", sigma, in: 0...100)
        try require("p", p, in: 0...1)
    }

    /// Keeps the size; a very large picture must be cropped or resized first.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        if case .fixed(let size) = input, size.area > Self.maximumArea {
            throw InvalidSetting("", "a picture of \(size) is too large; crop or resize it first")
        }
        return input
    }

    /// Uses four random draws, or two if the step is skipped.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(noise: NoiseKey(from: &random))
    }

    /// Replaces the picture.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.replace(size: canvas.size) { source, target in
            // torch's grid is two units wide, so a displacement of alpha / width in the grid is alpha / 2 pixels.
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

    /// Decodes one number or two.
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

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if across == down {
            try container.encode(across)
        } else {
            try container.encode([across, down])
        }
    }
}
