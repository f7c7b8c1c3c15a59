import Foundation

/// How a turned picture's pixels are computed.
public enum WarpInterpolation: String, Codable, Sendable {
    /// The nearest pixel's level.
    case nearest
    /// The four pixels around, weighed by distance; not antialiased.
    case bilinear
}

/// Row by row the 2x3 matrix that takes a pixel of the result to its source, both counted from the centre: the inverse of
/// translate * rotate(clockwise, degrees) * scale * shear(degrees), as torchvision composes them.
func inverseAffine(
    angle: Double, translate: (x: Double, y: Double), scale: Double, shear: (x: Double, y: Double)
) -> [Double] {
    let turn = angle * .pi / 180
    let shearX = shear.x * .pi / 180
    let shearY = shear.y * .pi / 180
    let a = cos(turn - shearY) / cos(shearY)
    let b = -(a * tan(shearX) + sin(turn))
    let c = sin(turn - shearY) / cos(shearY)
    let d = cos(turn) - c * tan(shearX)
    let (p, q, r, s) = (d / scale, -b / scale, -c / scale, a / scale)
    return [p, q, -p * translate.x - q * translate.y, r, s, -r * translate.x - s * translate.y]
}
