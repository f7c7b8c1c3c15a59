/// Blurs with a random standard deviation: torchvision's `GaussianBlur`, with a probability.
///
/// The kernel is e^{-x^2 / 2 sigma^2}, normalised over its taps; the picture is mirrored at its edges without repeating
/// them.
public struct GaussianBlur: Augmentation {
    /// Its name in pipeline files.
    public static let name = "gaussian_blur"
    /// Number of taps along each side, odd. By default a tenth of the branch's size, rounded to odd (23 for 224), as in
    /// SimCLR (Chen 2020, 2002.05709, appendix A).
    public var kernelSize: Int?
    /// Bounds of the standard deviation in pixels.
    public var sigma = Interval(0.1, 2)
    /// The probability that the step is applied, 0...1.
    public var p = 1.0

    /// SimCLR's kernel and torchvision's standard deviations.
    public init() {}

    /// What `sample` drew.
    public struct Parameters: Codable, Equatable, Sendable {
        /// Number of taps along each side.
        public var kernelSize: Int
        /// The standard deviation in pixels.
        public var sigma: Double

        /// Parameters with these values.
        public init(kernelSize: Int, sigma: Double) {
            self.kernelSize = kernelSize
            self.sigma = sigma
        }
    }

    /// Throws `InvalidSetting` for a setting that is out of range.
    public func validate() throws(InvalidSetting) {
        if let kernelSize {
            try require("kernel_size", kernelSize, in: 1...1023)
            guard kernelSize % 2 == 1 else { throw InvalidSetting("kernel_size", "must be odd, is \(kernelSize)") }
        }
        try require("sigma", sigma, in: 0.001...1000)
        try require("p", p, in: 0...1)
    }

    /// Keeps the size; half the kernel must be smaller than either side.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        let taps = taps(for: target)
        if case .fixed(let size) = input, taps / 2 >= min(size.width, size.height) {
            throw InvalidSetting("kernel_size", "\(taps) taps do not fit a picture of \(size)")
        }
        return input
    }

    private func taps(for target: Size) -> Int {
        kernelSize ?? min(target.width, target.height) / 10 / 2 * 2 + 1
    }

    /// Uses four random draws, or two if the step is skipped.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        guard random.chance(p) else { return nil }
        return Parameters(kernelSize: taps(for: target), sigma: random.uniform(in: sigma))
    }

    /// Blurs in place.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        canvas.mutate { image in
            PixelOperations.blur(image, radius: parameters.kernelSize / 2, sigma: parameters.sigma, scratch: canvas)
        }
    }
}
