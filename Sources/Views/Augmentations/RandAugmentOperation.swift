import Files

/// The operations that RandAugment draws from, in torchvision's order and with its ranges.
public enum RandAugmentOperation: String, Codable, CaseIterable, Sendable {
    /// No change.
    case identity
    /// Horizontal shear about the upper left corner by the tangent 0...0.3, in either direction.
    case shearX = "shear_x"
    /// Vertical shear, with the same range.
    case shearY = "shear_y"
    /// Horizontal shift by 0...150/331 of the width, rounded towards 0 pixels, in either direction.
    case translateX = "translate_x"
    /// Vertical shift, with the same share of the height.
    case translateY = "translate_y"
    /// Rotation by 0...30 degrees, in either direction.
    case rotate
    /// Brightness times 1 plus or minus 0...0.9.
    case brightness
    /// Saturation, with the same range.
    case color
    /// Contrast, with the same range.
    case contrast
    /// Sharpness, with the same range.
    case sharpness
    /// Keeps 8...4 bits.
    case posterize
    /// Inverts pixel values from 1...0 times 255 on.
    case solarize
    /// Stretches each channel to 0...255.
    case autoContrast = "auto_contrast"
    /// Flattens each channel's histogram.
    case equalize

    /// Whether the direction is random.
    var isSigned: Bool {
        switch self {
        case .identity, .posterize, .solarize, .autoContrast, .equalize: false
        default: true
        }
    }

    /// The strength of one of `count` bins.
    func strength(bin: Int, of count: Int, size: Size) -> Double {
        switch self {
        case .identity, .autoContrast, .equalize: 0
        case .shearX, .shearY: divided(0, 0.3, bin, count)
        case .translateX: divided(0, 150.0 / 331 * Double(size.width), bin, count)
        case .translateY: divided(0, 150.0 / 331 * Double(size.height), bin, count)
        case .rotate: divided(0, 30, bin, count)
        case .brightness, .color, .contrast, .sharpness: divided(0, 0.9, bin, count)
        case .posterize: Double((8 - Float(bin) / Float(Double(count - 1) / 4)).rounded(.toNearestOrEven))
        case .solarize: divided(1, 0, bin, count)
        }
    }

    /// Entry `bin` of torch's `linspace` in single precision, since torchvision truncates some of them to integers.
    private func divided(_ start: Double, _ end: Double, _ bin: Int, _ count: Int) -> Double {
        let (first, last) = (Float(start), Float(end))
        let step = (last - first) / Float(count - 1)
        return Double(
            bin < count / 2
                ? first.addingProduct(step, Float(bin)) : last.addingProduct(-step, Float(count - 1 - bin)))
    }

    /// Rounds towards 0; a recipe from elsewhere may hold any number.
    private func whole(_ magnitude: Double) -> Int {
        Int(exactly: max(-1e6, min(1e6, magnitude)).rounded(.towardZero)) ?? 0
    }

    /// Applies the operation.
    func apply(_ magnitude: Double, interpolation: WarpInterpolation, fill: Fill, to canvas: Canvas) {
        switch self {
        case .identity: break
        case .shearX, .shearY:
            let degrees = atan(magnitude) * 180 / .pi
            let (width, height) = (Double(canvas.size.width), Double(canvas.size.height))
            let matrix = inverseAffine(
                angle: 0, translate: (0, 0), scale: 1, shear: self == .shearX ? (degrees, 0) : (0, degrees),
                centre: (-width / 2, -height / 2))
            canvas.replace(size: canvas.size) { source, target in
                PixelOperations.warp(
                    source, matrix: matrix, linear: interpolation == .bilinear, fill: fill, to: target,
                    scratch: canvas)
            }
        case .translateX, .translateY, .rotate:
            var affine = Affine()
            affine.interpolation = interpolation
            affine.fill = fill
            var parameters = Affine.Parameters()
            switch self {
            case .translateX: parameters.translateX = whole(magnitude)
            case .translateY: parameters.translateY = whole(magnitude)
            // An affine transform turns clockwise, a rotation counter-clockwise.
            default: parameters.angle = -magnitude
            }
            affine.apply(parameters, to: canvas)
        case .brightness: canvas.mutate { PixelOperations.brightness($0, factor: 1 + magnitude) }
        case .color: canvas.mutate { PixelOperations.saturation($0, factor: 1 + magnitude) }
        case .contrast: canvas.mutate { PixelOperations.contrast($0, factor: 1 + magnitude) }
        case .sharpness:
            var sharpness = Sharpness()
            sharpness.sharpnessFactor = 1 + magnitude
            sharpness.apply(NoParameters(), to: canvas)
        case .posterize: canvas.mutate { PixelOperations.posterize($0, bits: whole(magnitude)) }
        case .solarize:
            let threshold = UInt8(clamping: whole((255 * magnitude).rounded(.up)))
            canvas.mutate { PixelOperations.solarize($0, threshold: threshold) }
        case .autoContrast: Autocontrast().apply(NoParameters(), to: canvas)
        case .equalize: Equalize().apply(NoParameters(), to: canvas)
        }
    }
}
