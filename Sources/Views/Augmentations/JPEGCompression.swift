import CCodecs

/// Encodes the picture as JPEG of a random quality and decodes it again: torchvision's `JPEG`, with a probability.
///
/// The JPEG is baseline, with colours at half the resolution (4:2:0) and the standard tables scaled by libjpeg's
/// quality.
public struct JPEGCompression: Augmentation {
    /// Its name in pipeline files.
    public static let name = "jpeg_compression"
    /// The quality, 1...100: a number, or `[lowest, highest]`, both inclusive. torchvision has no default.
    public var quality = QualityRange(30, 95)
    /// The probability that the step is applied, 0...1.
    public var p = 1.0

    /// Qualities 30 to 95: from clearly visible to hardly visible losses.
    public init() {}

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The quality.
        public var quality: Int

        /// Parameters with these values.
        public init(quality: Int) {
            self.quality = quality
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        try require("quality", quality.lowest, in: 1...100)
        try require("quality", quality.highest, in: 1...100)
        guard quality.lowest <= quality.highest else {
            throw InvalidSetting("quality", "the lowest must come first, is [\(quality.lowest), \(quality.highest)]")
        }
        try require("p", p, in: 0...1)
    }

    /// Keeps the size; a JPEG file has at most 65,500 pixels along each side.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        if case .fixed(let size) = input, max(size.width, size.height) > 65500 {
            throw InvalidSetting("", "a picture of \(size) is too large for JPEG; crop or resize it first")
        }
        return input
    }

    /// Uses three random draws, or two if the step is skipped.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(quality: quality.lowest + random.integer(below: quality.highest - quality.lowest + 1))
    }

    /// Compresses and decompresses in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { image in
            let (width, height) = (UInt32(image.size.width), UInt32(image.size.height))
            let size = ccodecs_jpeg_degrade_work(width, height)
            canvas.withScratch(bytes: size) { memory in
                var report = ccodecs_report()
                // Fails only without memory or for a picture too large for JPEG, which then stays as it is.
                _ = ccodecs_jpeg_degrade(
                    image.plane(0), width, height, Int32(clamping: parameters.quality),
                    memory.assumingMemoryBound(to: UInt8.self), size, &report)
            }
        }
    }
}

/// Bounds of a quality; written as one number or as `[lowest, highest]`.
public struct QualityRange: Codable, Hashable, Sendable {
    /// The lowest quality.
    public var lowest: Int
    /// The highest quality.
    public var highest: Int

    /// A range from its bounds.
    public init(_ lowest: Int, _ highest: Int) {
        self.lowest = lowest
        self.highest = highest
    }

    /// Decodes one number or two.
    public init(from decoder: any Decoder) throws {
        if let only = try? decoder.singleValueContainer().decode(Int.self) {
            self.init(only, only)
            return
        }
        let values = try? decoder.singleValueContainer().decode([Int].self)
        guard let values, values.count == 2 else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath,
                    debugDescription: "must be a whole number, or two: [lowest, highest]"))
        }
        self.init(values[0], values[1])
    }

    /// Encodes what `init(from:)` decodes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if lowest == highest {
            try container.encode(lowest)
        } else {
            try container.encode([lowest, highest])
        }
    }
}
