import Files

/// How the pixels of a rotated or warped picture are computed.
public enum WarpInterpolation: String, Codable, Sendable {
    /// The value of the nearest pixel.
    case nearest
    /// The four pixels around, weighted by distance; not antialiased.
    case bilinear
}

/// The 2x3 matrix, row by row, that maps a pixel of the result to its source, both relative to the picture's centre. It
/// is the inverse of translate * rotate(clockwise, degrees) * scale * shear(degrees), in torchvision's order. `centre`,
/// relative to the picture's, is the fixed point without translation.
func inverseAffine(
    angle: Double, translate: (x: Double, y: Double), scale: Double, shear: (x: Double, y: Double),
    centre: (x: Double, y: Double) = (0, 0)
) -> [Double] {
    let turn = angle * .pi / 180
    let shearX = shear.x * .pi / 180
    let shearY = shear.y * .pi / 180
    let a = cos(turn - shearY) / cos(shearY)
    let b = -(a * tan(shearX) + sin(turn))
    let c = sin(turn - shearY) / cos(shearY)
    let d = cos(turn) - c * tan(shearX)
    let (p, q, r, s) = (d / scale, -b / scale, -c / scale, a / scale)
    let (x, y) = (translate.x + centre.x, translate.y + centre.y)
    return [p, q, centre.x - p * x - q * y, r, s, centre.y - r * x - s * y]
}
