import Files
import KernelsAVX2

extension PixelOperations {
    /// Fills `target` by a perspective transform of `source`, which has the same size; see `Kernels.perspective` for
    /// the eight coefficients.
    static func perspective(
        _ source: Image, coefficients: [Double], linear: Bool, fill: Fill, to target: Image, scratch canvas: Canvas,
        wide: Bool = isWide
    ) {
        let (width, height) = (source.size.width, source.size.height)
        canvas.withScratch(bytes: 512) { memory in
            let work = memory.assumingMemoryBound(to: Int32.self)
            let entries = (memory + 256).assumingMemoryBound(to: Float.self)
            for index in 0..<8 { entries[index] = Float(coefficients[index]) }
            let colour = (fill.values.x, fill.values.y, fill.values.z)
            if wide {
                KernelsAVX2.Kernels.perspective(
                    source.plane(0), width: width, height: height, coefficients: entries, linear: linear, fill: colour,
                    to: target.plane(0), work: work)
            } else {
                Kernels.perspective(
                    source.plane(0), width: width, height: height, coefficients: entries, linear: linear, fill: colour,
                    to: target.plane(0), work: work)
            }
        }
    }

    /// Fills `target` with the pixels of `source`, which has the same size, moved by noise. A Gaussian of standard
    /// deviation `smoothness` blurs the noise; noise of 1 is `strength / 2` pixels.
    ///
    /// The kernel has 8 `smoothness` + 1 taps, as in torchvision, but is cut to the picture's size. Horizontal noise
    /// uses the indices from 0, vertical noise those that follow.
    static func elastic(
        _ source: Image, strength: (across: Double, down: Double), smoothness: Double, key: NoiseKey, linear: Bool,
        fill: Fill, to target: Image, scratch canvas: Canvas, wide: Bool = isWide
    ) {
        let size = source.size
        guard size.area > 0 else { return }
        let stride = (size.width + 15) / 16 * 16
        let radius = smoothness > 0 ? min(Int(8 * smoothness + 1) / 2, size.width - 1, size.height - 1) : 0
        let fieldCount = stride * size.height
        let workCount = (size.height + 2 * radius) * stride + stride + 2 * radius + 32
        canvas.withScratch(bytes: 256 + (2 * fieldCount + radius + 1 + workCount) * 4) { memory in
            let indices = memory.assumingMemoryBound(to: Int32.self)
            let fields = (memory + 256).assumingMemoryBound(to: Float.self)
            let work = fields + 2 * fieldCount
            let weights = work + workCount
            fillWeights(weights, radius: radius, std: smoothness)
            for (index, share) in [
                strength.across / Double(size.width), strength.down / Double(size.height),
            ].enumerated() {
                let first = UInt32(truncatingIfNeeded: index * size.area)
                // In torch's grid, which is two units wide.
                let factor = Float(share)
                if wide {
                    KernelsAVX2.Kernels.displacement(
                        fields + index * fieldCount, fieldStride: stride, width: size.width, height: size.height,
                        first: first, key: key.first, other: key.second, radius: radius, weights: weights,
                        factor: factor, work: work)
                } else {
                    Kernels.displacement(
                        fields + index * fieldCount, fieldStride: stride, width: size.width, height: size.height,
                        first: first, key: key.first, other: key.second, radius: radius, weights: weights,
                        factor: factor, work: work)
                }
            }
            let colour = (fill.values.x, fill.values.y, fill.values.z)
            if wide {
                KernelsAVX2.Kernels.displace(
                    source.plane(0), width: size.width, height: size.height, across: fields,
                    down: fields + fieldCount, fieldStride: stride, linear: linear, fill: colour, to: target.plane(0),
                    work: indices)
            } else {
                Kernels.displace(
                    source.plane(0), width: size.width, height: size.height, across: fields,
                    down: fields + fieldCount, fieldStride: stride, linear: linear, fill: colour, to: target.plane(0),
                    work: indices)
            }
        }
    }

    /// A Gaussian from its centre outwards, normalised over both sides.
    private static func fillWeights(_ weights: UnsafeMutablePointer<Float>, radius: Int, std: Double) {
        func weight(_ distance: Int) -> Double {
            distance == 0 ? 1 : exp(-Double(distance * distance) / (2 * std * std))
        }
        let total = (0...radius).reduce(-weight(0)) { $0 + 2 * weight($1) }
        for distance in 0...radius { weights[distance] = Float(weight(distance) / total) }
    }
}
