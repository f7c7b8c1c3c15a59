import Files

/// How a turned picture's pixels are computed.
public enum WarpInterpolation: String, Codable, Sendable {
    /// The nearest pixel's level.
    case nearest
    /// The four pixels around, weighed by distance; not antialiased.
    case bilinear
}

/// Row by row the 2x3 matrix that takes a pixel of the result to its source, both counted from the centre: the inverse of
/// translate * rotate(clockwise, degrees) * scale * shear(degrees), as torchvision composes them. The point that stays
/// in place without a translation is `centre`, counted from the picture's.
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
