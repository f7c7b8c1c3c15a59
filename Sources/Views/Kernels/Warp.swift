import CKernels

/// Affine resampling of three planes, with torchvision's grid in single precision.
///
/// Source positions are computed for 16 pixels at a time, once for all planes.
extension Kernels {
    /// Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, ties to even.
    static var rounder: Float { 12_582_912 }

    /// Source coordinates in one direction, by way of torch's grid, which runs from -1 to 1 over `length` pixels.
    @inline(__always)
    private static func coordinates(
        _ x: SIMD16<Float>, _ y: Float, _ row: UnsafePointer<Float>, _ length: Float
    ) -> SIMD16<Float> {
        let half = length * 0.5
        let grid = x * (row[0] / half) + y * (row[1] / half) + row[2] / half
        return ((grid + 1) * length - 1) * 0.5
    }

    /// Fills `target` by an inverse affine transform of `source`; both are three planes of `width` x `height`.
    ///
    /// With x and y counted from the centre, the pixel at (x, y) comes from (a x + b y + c, d x + e y + f), where
    /// `matrix` is (a, b, c, d, e, f); pixels from outside are `fill`. Without `linear`, a pixel is the nearest one,
    /// ties to even. With it, the four around are weighted, and pixels outside count as in torchvision: (sum - fill) *
    /// inside + fill, with `inside` the weight of the pixels inside. `work` holds 64 values.
    package static func warp(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, matrix: UnsafePointer<Float>, linear: Bool,
        fill: (UInt8, UInt8, UInt8), to target: UnsafeMutablePointer<UInt8>, work: UnsafeMutablePointer<Int32>
    ) {
        let (columns, rows) = (Float(width), Float(height))
        let lanes = SIMD16<Float>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        for row in 0..<height {
            let y = Float(row) - (rows - 1) * 0.5
            for left in stride(from: 0, to: width, by: 16) {
                let x = (lanes + Float(left)) - (columns - 1) * 0.5
                let u = coordinates(x, y, matrix, columns)
                let v = coordinates(x, y, matrix + 3, rows)
                sample(
                    source, u, v, width: width, height: height, linear: linear, fill: fill,
                    to: target + row * width + left, count: min(16, width - left), work: work)
            }
        }
    }

    /// The weights of the four pixels around each of 16 positions, 0 for pixels outside.
    struct Taps {
        var upperLeft: SIMD16<Float>
        var upperRight: SIMD16<Float>
        var lowerLeft: SIMD16<Float>
        var lowerRight: SIMD16<Float>

        /// Leaves the four pixels' indices in `work`.
        @inline(__always)
        init(_ u: SIMD16<Float>, _ v: SIMD16<Float>, width: Int, height: Int, work: UnsafeMutablePointer<Int32>) {
            let (columns, rows) = (Int32(width), Int32(height))
            // Shifted by 1024, all positions in reach are positive, so that truncation rounds down.
            let wholeU = ck_truncated(u + 1024) - 1024
            let wholeV = ck_truncated(v + 1024) - 1024
            let (i, j) = (ck_i32_truncated(wholeU), ck_i32_truncated(wholeV))
            let (right, below) = (u - wholeU, v - wholeV)
            let one = SIMD16<Int32>(repeating: 1)
            let first = ck_pixel_index(i, j, columns, rows)
            let second = ck_pixel_index(i &+ one, j, columns, rows)
            let third = ck_pixel_index(i, j &+ one, columns, rows)
            let fourth = ck_pixel_index(i &+ one, j &+ one, columns, rows)
            upperLeft = ck_where_pixel(first, (1 - right) * (1 - below))
            upperRight = ck_where_pixel(second, right * (1 - below))
            lowerLeft = ck_where_pixel(third, (1 - right) * below)
            lowerRight = ck_where_pixel(fourth, right * below)
            ck_store_index(work, first)
            ck_store_index(work + 16, second)
            ck_store_index(work + 32, third)
            ck_store_index(work + 48, fourth)
        }

        @inline(__always)
        func blend(_ source: UnsafePointer<UInt8>, _ work: UnsafePointer<Int32>, _ fill: UInt8) -> SIMD16<UInt8> {
            let sum =
                upperLeft * gather(source, work) + upperRight * gather(source, work + 16)
                + lowerLeft * gather(source, work + 32) + lowerRight * gather(source, work + 48)
            let inside = upperLeft + upperRight + lowerLeft + lowerRight
            let outside = Float(fill)
            return ck_u8_from_f32((((sum - outside) * inside + outside) + rounder) - rounder)
        }

        @inline(__always)
        private func gather(_ source: UnsafePointer<UInt8>, _ index: UnsafePointer<Int32>) -> SIMD16<Float> {
            var pixels = SIMD16<UInt8>()
            for lane in 0..<16 { pixels[lane] = source[Int(index[lane])] }
            return ck_f32(pixels)
        }
    }
}
