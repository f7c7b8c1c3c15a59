import CKernels

/// Resampling of three planes at positions that are not an affine function of the target's, with torchvision's grids in
/// single precision. Pixels from outside are `fill`, weighted as in `warp`; `work` holds 64 values.
extension Kernels {
    /// Writes one vector of pixels from the source positions (u, v), which may have any value, including NaN.
    @inline(__always)
    static func sample(
        _ source: UnsafePointer<UInt8>, _ u: SIMD16<Float>, _ v: SIMD16<Float>, width: Int, height: Int, linear: Bool,
        fill: (UInt8, UInt8, UInt8), to output: UnsafeMutablePointer<UInt8>, count: Int,
        work: UnsafeMutablePointer<Int32>
    ) {
        // All positions far outside give the same result; clamped, they fit the integers.
        let u = ck_min_f32(ck_max_f32(u, SIMD16(repeating: -1000)), SIMD16(repeating: Float(width) + 1000))
        let v = ck_min_f32(ck_max_f32(v, SIMD16(repeating: -1000)), SIMD16(repeating: Float(height) + 1000))
        let plane = width * height
        if linear {
            let taps = Taps(u, v, width: width, height: height, work: work)
            put(taps.blend(source, work, fill.0), to: output, left: count)
            put(taps.blend(source + plane, work, fill.1), to: output + plane, left: count)
            put(taps.blend(source + 2 * plane, work, fill.2), to: output + 2 * plane, left: count)
            return
        }
        let i = ck_i32_truncated((u + rounder) - rounder)
        let j = ck_i32_truncated((v + rounder) - rounder)
        let index = ck_pixel_index(i, j, Int32(width), Int32(height))
        for lane in 0..<count {
            let from = Int(index[lane])
            output[lane] = from < 0 ? fill.0 : source[from]
            output[plane + lane] = from < 0 ? fill.1 : source[plane + from]
            output[2 * plane + lane] = from < 0 ? fill.2 : source[2 * plane + from]
        }
    }

    private static var lanes: SIMD16<Float> { SIMD16(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }

    /// The pixel at (x, y), centres at halves, comes from ((a x + b y + c) / (g x + h y + 1), (d x + e y + f) / (...)),
    /// where `coefficients` are a to h.
    package static func perspective(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, coefficients: UnsafePointer<Float>, linear: Bool,
        fill: (UInt8, UInt8, UInt8), to target: UnsafeMutablePointer<UInt8>, work: UnsafeMutablePointer<Int32>
    ) {
        let c = coefficients
        let (columns, rows) = (Float(width), Float(height))
        let (halfWidth, halfHeight) = (columns * 0.5, rows * 0.5)
        for row in 0..<height {
            let y = Float(row) + 0.5
            for left in stride(from: 0, to: width, by: 16) {
                let x = lanes + (Float(left) + 0.5)
                let depth = x * c[6] + (y * c[7] + 1)
                let across = (x * (c[0] / halfWidth) + (y * (c[1] / halfWidth) + c[2] / halfWidth)) / depth
                let down = (x * (c[3] / halfHeight) + (y * (c[4] / halfHeight) + c[5] / halfHeight)) / depth
                sample(
                    source, (across * columns - 1) * 0.5, (down * rows - 1) * 0.5, width: width, height: height,
                    linear: linear, fill: fill, to: target + row * width + left, count: min(16, width - left),
                    work: work)
            }
        }
    }

    /// The pixel at (x, y) comes from (x + width / 2 * across, y + height / 2 * down): displacements in torch's grid,
    /// which runs from -1 to 1; rows of `fieldStride` values, a multiple of 16.
    package static func displace(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, across: UnsafePointer<Float>,
        down: UnsafePointer<Float>, fieldStride: Int, linear: Bool, fill: (UInt8, UInt8, UInt8),
        to target: UnsafeMutablePointer<UInt8>, work: UnsafeMutablePointer<Int32>
    ) {
        let (halfWidth, halfHeight) = (Float(width) * 0.5, Float(height) * 0.5)
        for row in 0..<height {
            for left in stride(from: 0, to: width, by: 16) {
                let offset = row * fieldStride + left
                let u = lanes + Float(left) + ck_load_f32(across + offset) * halfWidth
                let v = ck_load_f32(down + offset) * halfHeight + Float(row)
                sample(
                    source, u, v, width: width, height: height, linear: linear, fill: fill,
                    to: target + row * width + left, count: min(16, width - left), work: work)
            }
        }
    }

    /// Fills a field with noise uniform in [-1, 1), blurs it with a symmetric kernel mirrored at the edges, and
    /// multiplies it by `factor`.
    ///
    /// The noise of (x, y) is that of the index `first + y * width + x`. `weights` holds the kernel from its centre
    /// outwards, `radius + 1` values, `radius` less than `width` and `height`. `field` has `height` rows of
    /// `fieldStride` values, a multiple of 16; `work` holds `(height + 2 radius) * fieldStride + fieldStride + 2 radius
    /// + 32` values.
    package static func displacement(
        _ field: UnsafeMutablePointer<Float>, fieldStride: Int, width: Int, height: Int, first: UInt32, key: UInt32,
        other: UInt32, radius: Int, weights: UnsafePointer<Float>, factor: Float, work: UnsafeMutablePointer<Float>
    ) {
        let rows = work
        let line = work + (height + 2 * radius) * fieldStride
        for y in 0..<height {
            for x in stride(from: 0, to: width, by: 16) {
                let index = first &+ UInt32(truncatingIfNeeded: y * width + x)
                ck_store_f32(line + radius + x, ck_f32_signed(ck_noise(index, key, other)))
            }
            for x in stride(from: 1, through: radius, by: 1) {
                line[radius - x] = line[radius + x]
                line[radius + width - 1 + x] = line[radius + width - 1 - x]
            }
            let output = rows + (y + radius) * fieldStride
            for x in stride(from: 0, to: width, by: 16) {
                ck_store_f32(output + x, weigh(line + radius + x, step: 1, weights: weights, radius: radius))
            }
        }
        for y in stride(from: 1, through: radius, by: 1) {
            (rows + (radius - y) * fieldStride).update(from: rows + (radius + y) * fieldStride, count: fieldStride)
            (rows + (radius + height - 1 + y) * fieldStride).update(
                from: rows + (radius + height - 1 - y) * fieldStride, count: fieldStride)
        }
        for y in 0..<height {
            let centre = rows + (y + radius) * fieldStride
            for x in stride(from: 0, to: width, by: 16) {
                let sum = weigh(centre + x, step: fieldStride, weights: weights, radius: radius)
                ck_store_f32(field + y * fieldStride + x, sum * factor)
            }
        }
    }

    @inline(__always)
    private static func weigh(
        _ centre: UnsafePointer<Float>, step: Int, weights: UnsafePointer<Float>, radius: Int
    ) -> SIMD16<Float> {
        var sum = ck_load_f32(centre) * weights[0]
        var offset = step
        for tap in stride(from: 1, through: radius, by: 1) {
            sum += (ck_load_f32(centre - offset) + ck_load_f32(centre + offset)) * weights[tap]
            offset += step
        }
        return sum
    }
}
