/// Resizes the shorter side to `size` and keeps the aspect ratio, or resizes to `[height, width]`: torchvision's
/// `Resize`.
///
/// The longer side is `size * longer / shorter`, rounded down. Unlike torchvision's, it is at most 100 times the
/// shorter, so that a picture of one row cannot need gigabytes.
public struct Resize: Augmentation {
    /// Its name in pipeline files.
    public static let name = "resize"
    /// The shorter side in pixels, or both as `[height, width]`; the branch's shorter side by default.
    public var size: ResizeSize?
    /// How pixels are computed; always antialiased.
    public var interpolation = Interpolation.bilinear

    /// Resizes to the branch's size.
    public init() {}

    /// The result's size.
    public struct Parameters: Codable, Equatable, Sendable {
        /// The size of the result.
        public var size: Size

        /// Parameters with these values.
        public init(size: Size) {
            self.size = size
        }
    }

    /// Checks the size.
    public func validate() throws(InvalidSetting) {
        switch size {
        case .shorter(let side): try require("size", side, in: 1...16384)
        case .both(let size):
            for side in [size.height, size.width] { try require("size", side, in: 1...16384) }
        case nil: break
        }
    }

    /// Known if the input's size is known, or if both sides are set.
    public func shape(of input: Shape, target: Size) throws(InvalidSetting) -> Shape {
        if case .both(let size) = size { return .fixed(size) }
        guard case .fixed(let size) = input else { return .any }
        return .fixed(result(for: size, target: target))
    }

    /// The size to which a picture is resized.
    func result(for input: Size, target: Size) -> Size {
        var short = min(target.width, target.height)
        switch size {
        case .both(let size): return size
        case .shorter(let side): short = side
        case nil: break
        }
        let shorter = max(1, min(input.width, input.height))
        let exact = Int(Double(short * max(input.width, input.height)) / Double(shorter))
        let long = min(exact, 100 * short)
        return input.width <= input.height ? Size(width: short, height: long) : Size(width: long, height: short)
    }

    /// Uses no random draws.
    public func sample(from random: inout RandomStream, input: Size, target: Size) -> Parameters? {
        Parameters(size: result(for: input, target: target))
    }

    /// Replaces the picture, unless it already has that size.
    public func apply(_ parameters: Parameters, to canvas: Canvas) {
        guard parameters.size != canvas.size else { return }
        canvas.replace(size: parameters.size) { source, target in
            PixelOperations.resample(
                source, region: Region(source.size), to: target, interpolation: interpolation, scratch: canvas)
        }
    }
}
