import Files

/// Crops a random part of the picture and resizes it to the branch's size: torchvision's `RandomResizedCrop`.
///
/// The part's area is uniform in `scale` times the picture's, and the logarithm of width / height is uniform between
/// the logarithms of `ratio`. If ten tries do not fit, it is the largest centred part of an allowed ratio.
public struct ResizedCrop: Augmentation {
    /// Its name in pipeline files.
    public static let name = "resized_crop"
    /// Bounds of the area, as a share of the picture's.
    public var scale = Interval(0.08, 1)
    /// Bounds of width / height.
    public var ratio = Interval(3.0 / 4, 4.0 / 3)
    /// How pixels are computed; always antialiased.
    public var interpolation = Interpolation.bilinear

    /// torchvision's defaults.
    public init() {}

    /// The part that was drawn, and the size to which it is resized.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The part, in the coordinates of the whole picture.
        public var region: Region
        /// The size of the result.
        public var size: Size

        /// Parameters with these values.
        public init(region: Region, size: Size) {
            self.region = region
            self.size = size
        }
    }

    /// Throws `InvalidSetting` for bounds that are out of range or out of order.
    public func validate() throws(InvalidSetting) {
        try require("scale", scale, in: 0...1)
        guard scale.upper > 0 else { throw InvalidSetting("scale", "the upper bound must be above 0, is \(scale)") }
        try require("ratio", ratio, in: 0.01...100)
    }

    /// The branch's size.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape { .fixed(target) }

    /// Uses at most ten tries of six random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        let logarithms = Interval(log(ratio.lower), log(ratio.upper))
        for _ in 0..<10 {
            let area = Double(input.area) * random.uniform(in: scale)
            let aspect = exp(random.uniform(in: logarithms))
            let width = Int((area * aspect).squareRoot().rounded(.toNearestOrEven))
            let height = Int((area / aspect).squareRoot().rounded(.toNearestOrEven))
            guard width > 0, height > 0, width <= input.width, height <= input.height else { continue }
            let y = random.integer(below: input.height - height + 1)
            let x = random.integer(below: input.width - width + 1)
            return Parameters(region: Region(x: x, y: y, width: width, height: height), size: target)
        }
        return Parameters(region: centre(of: input), size: target)
    }

    /// The largest centred part whose ratio is allowed.
    func centre(of input: Size) -> Region {
        var (width, height) = (input.width, input.height)
        let aspect = Double(width) / Double(max(1, height))
        if aspect < ratio.lower {
            height = Int((Double(width) / ratio.lower).rounded(.toNearestOrEven))
        } else if aspect > ratio.upper {
            width = Int((Double(height) * ratio.upper).rounded(.toNearestOrEven))
        }
        // Rounding a thin picture's side must leave at least a pixel and at most the picture.
        width = min(max(width, 1), input.width)
        height = min(max(height, 1), input.height)
        return Region(x: (input.width - width) / 2, y: (input.height - height) / 2, width: width, height: height)
    }

    /// The part that was drawn.
    public func window(_ parameters: Parameters) -> Region? { parameters.region }

    /// As much as leaves the part at least as many pixels as the result.
    public func shrink(_ parameters: Parameters) -> Int {
        let (region, size) = (parameters.region, parameters.size)
        let factor = min(region.width / max(1, size.width), region.height / max(1, size.height))
        return factor >= 8 ? 8 : factor >= 4 ? 4 : factor >= 2 ? 2 : 1
    }

    /// Resizes the part; reads nothing else.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.replace(size: parameters.size) { source, target in
            PixelOperations.resample(
                source, region: parameters.region.shrunk(by: source.shrink).relative(to: source.window), to: target,
                interpolation: interpolation, scratch: canvas)
        }
    }
}
