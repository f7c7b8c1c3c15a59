import CKernels

/// Separable blurring with a symmetric kernel, in 16-bit fixed point.
///
/// Between the two directions, a value has seven fractional bits. Each product keeps only its high half, and the mean
/// of the truncation error is added back. The remaining error has a standard deviation of 0.01, so about 1 pixel in 100
/// differs by 1 from a floating-point blur.
extension Kernels {
    /// `index` mirrored into `0..<count`, without repeating the edge.
    @inline(__always)
    private static func mirrored(_ index: Int, _ count: Int) -> Int {
        index < 0 ? -index : index >= count ? 2 * (count - 1) - index : index
    }

    /// The sum over one symmetric kernel around `centre`, whose neighbours are `step` apart.
    @inline(__always)
    private static func weigh(
        _ centre: UnsafePointer<UInt16>, step: Int, weights: UnsafePointer<UInt16>, radius: Int, bias: UInt16
    ) -> SIMD16<UInt16> {
        var sum = SIMD16(repeating: bias) &+ ck_mulhi(ck_load_u16(centre), SIMD16(repeating: weights[0]))
        var offset = step
        for tap in 1...radius {
            let both = ck_load_u16(centre - offset) &+ ck_load_u16(centre + offset)
            sum &+= ck_mulhi(both, SIMD16(repeating: weights[tap]))
            offset += step
        }
        return sum
    }

    /// Blurs one plane in place, mirrored at its edges.
    ///
    /// `weights` holds the kernel from its centre outwards, `radius + 1` values in 1/65536, `radius` at least 1 and
    /// less than `width` and `height`. `work` holds `blurWork(width:height:radius:)` values; up to 15 bytes after the
    /// plane are read.
    package static func blur(
        _ pixels: UnsafeMutablePointer<UInt8>, width: Int, height: Int, radius: Int,
        weights: UnsafePointer<UInt16>, work: UnsafeMutablePointer<UInt16>
    ) {
        let stride = (width + 15) / 16 * 16
        let line = work
        let rows = work + stride + 2 * radius + 16
        // Half a unit for each of the radius + 1 truncated products.
        let bias = UInt16(truncatingIfNeeded: (radius + 1) / 2)
        for y in 0..<height {
            let source = pixels + y * width
            for x in Swift.stride(from: 0, to: width, by: 16) {
                ck_store_u16(line + radius + x, ck_u16(ck_load(source + x)) &<< SIMD16(repeating: 7))
            }
            for x in 1...radius {
                line[radius - x] = line[radius + mirrored(-x, width)]
                line[radius + width - 1 + x] = line[radius + mirrored(width - 1 + x, width)]
            }
            let target = rows + (y + radius) * stride
            for x in Swift.stride(from: 0, to: width, by: 16) {
                ck_store_u16(
                    target + x, weigh(line + radius + x, step: 1, weights: weights, radius: radius, bias: bias))
            }
        }
        for y in 1...radius {
            let above = rows + (radius - y) * stride
            let below = rows + (radius + height - 1 + y) * stride
            above.update(from: rows + (radius + mirrored(-y, height)) * stride, count: stride)
            below.update(from: rows + (radius + mirrored(height - 1 + y, height)) * stride, count: stride)
        }
        for y in 0..<height {
            let centre = rows + (y + radius) * stride
            for x in Swift.stride(from: 0, to: width, by: 16) {
                let sum = weigh(centre + x, step: stride, weights: weights, radius: radius, bias: bias &+ 64)
                let pixels16 = ck_u8_from_u16(sum &>> SIMD16(repeating: 7))
                put(pixels16, to: pixels + y * width + x, left: width - x)
            }
        }
    }

    /// The number of values of working memory that `blur` needs.
    package static func blurWork(width: Int, height: Int, radius: Int) -> Int {
        let stride = (width + 15) / 16 * 16
        return stride + 2 * radius + 16 + (height + 2 * radius) * stride
    }
}
