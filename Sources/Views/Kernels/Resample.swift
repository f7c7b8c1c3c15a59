import CKernels

/// Antialiased resampling of one plane: fixed-point weights, columns first, rounded to bytes, then rows.
///
/// The weights are those of ATen's `upsample_bilinear2d_aa` and `upsample_bicubic2d_aa` on bytes: 16 bits with as many
/// fractional bits as the largest weight leaves room for, sums in 32 bits.
extension Kernels {
    /// The number of taps of each output pixel, rounded up to pairs; the last may have weight 0.
    package static func taps(from length: Int, to count: Int, cubic: Bool) -> Int {
        let reach = (cubic ? 2.0 : 1.0) * max(1, Double(length) / Double(count))
        let most = Int(reach.rounded(.up)) * 2 + 1
        return most + most % 2
    }

    /// The triangle, or Keys' cubic with a = -0.5.
    @inline(__always)
    private static func filter(_ distance: Double, _ cubic: Bool) -> Double {
        let x = abs(distance)
        if !cubic { return x < 1 ? 1 - x : 0 }
        if x < 1 { return (1.5 * x - 2.5) * x * x + 1 }
        return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0
    }

    /// Fills `starts` (`count` values) with the first source index of each output pixel, `used` (`count` values) with
    /// the number of its taps, and `weights` (`count * taps`) with their weights, 0 after the last tap; `work` has room
    /// for `count * taps` values.
    /// - Returns: the number of fractional bits of the weights.
    package static func resampleWeights(
        from length: Int, to count: Int, cubic: Bool, taps: Int,
        starts: UnsafeMutablePointer<Int32>, used: UnsafeMutablePointer<Int32>,
        weights: UnsafeMutablePointer<Int16>, work: UnsafeMutablePointer<Double>
    ) -> Int32 {
        let scale = Double(length) / Double(count)
        let reach = (cubic ? 2.0 : 1.0) * max(1, scale)
        let narrow = scale >= 1 ? 1 / scale : 1
        var largest = 0.0
        for index in 0..<count {
            let centre = scale * (Double(index) + 0.5)
            let first = max(Int(centre - reach + 0.5), 0)
            let taken = min(max(min(Int(centre + reach + 0.5), length) - first, 0), taps)
            let row = work + index * taps
            var total = 0.0
            for tap in 0..<taken {
                let weight = filter((Double(tap + first) - centre + 0.5) * narrow, cubic)
                row[tap] = weight
                total += weight
            }
            for tap in 0..<taps { row[tap] = tap < taken && total != 0 ? row[tap] / total : 0 }
            for tap in 0..<taken where row[tap] > largest { largest = row[tap] }
            starts[index] = Int32(truncatingIfNeeded: first)
            used[index] = Int32(truncatingIfNeeded: taken)
        }
        var bits = 0
        while bits < 22 && 0.5 + largest * Double(1 << (bits + 1)) < 32768 { bits += 1 }
        let unit = Double(1 << bits)
        for index in 0..<count * taps {
            let scaled = work[index] * unit
            weights[index] = Int16(truncatingIfNeeded: Int(scaled < 0 ? scaled - 0.5 : scaled + 0.5))
        }
        return Int32(truncatingIfNeeded: bits)
    }

    @inline(__always)
    private static func pair(_ weights: UnsafePointer<Int16>) -> Int32 {
        Int32(UInt16(bitPattern: weights[0])) | Int32(weights[1]) << 16
    }

    /// Changes the width of a plane: `height` rows of `width` pixels, `stride` apart, to rows of `count` pixels.
    ///
    /// Sixteen rows are transposed at a time, so that a vector holds one column and all of its lanes share weights.
    /// Up to 15 bytes after a row are read. `target` has rows `targetStride` apart, a multiple of 16 and at least
    /// `count`, and room for `height` rounded up to 16; `work` holds `16 * (width + count)` bytes and 1024 more.
    package static func resampleColumns(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, stride: Int,
        target: UnsafeMutablePointer<UInt8>, targetStride: Int, count: Int, taps: Int, bits: Int32,
        starts: UnsafePointer<Int32>, used: UnsafePointer<Int32>, weights: UnsafePointer<Int16>,
        work: UnsafeMutablePointer<UInt8>
    ) {
        let columns = work
        let wideWidth = (width + 15) / 16 * 16
        let results = work + 16 * (wideWidth + 16)
        let half = Int32(1) << (bits - 1)
        for top in Swift.stride(from: 0, to: height, by: 16) {
            // A last block that is not full repeats the rows above it; its surplus rows are never read.
            let rows = min(16, height - top)
            var left = 0
            while left < width {
                if rows == 16 {
                    ck_transpose(source + top * stride + left, stride, columns + left * 16, 16)
                } else {
                    for row in 0..<rows {
                        for column in left..<min(left + 16, width) {
                            columns[column * 16 + row] = source[(top + row) * stride + column]
                        }
                    }
                }
                left += 16
            }
            for index in 0..<count {
                let first = columns + Int(starts[index]) * 16
                let row = weights + index * taps
                let taken = Int(used[index])
                var sum = SIMD16<Int32>(repeating: half)
                var tap = 0
                // The partner of an odd tap has weight 0.
                while tap < taken {
                    sum &+= ck_weigh_pair(ck_load(first + tap * 16), ck_load(first + tap * 16 + 16), pair(row + tap))
                    tap += 2
                }
                ck_store(results + index * 16, ck_u8_clamped(sum &>> SIMD16(repeating: bits)))
            }
            for left in Swift.stride(from: 0, to: count, by: 16) {
                ck_transpose(results + left * 16, 16, target + top * targetStride + left, targetStride)
            }
        }
    }

    /// Changes the height of a plane: `height` rows of `width` pixels, `stride` apart, to `count` rows without gaps.
    ///
    /// Up to 15 bytes after a row are read.
    package static func resampleRows(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, stride: Int,
        target: UnsafeMutablePointer<UInt8>, count: Int, taps: Int, bits: Int32,
        starts: UnsafePointer<Int32>, used: UnsafePointer<Int32>, weights: UnsafePointer<Int16>
    ) {
        let half = Int32(1) << (bits - 1)
        for index in 0..<count {
            let first = Int(starts[index])
            let row = weights + index * taps
            let taken = Int(used[index])
            let output = target + index * width
            var left = 0
            while left < width {
                var sum = SIMD16<Int32>(repeating: half)
                var tap = 0
                var line = source + first * stride + left
                while tap < taken {
                    let next = tap + 1 < taken ? line + stride : line
                    sum &+= ck_weigh_pair(ck_load(line), ck_load(next), pair(row + tap))
                    line += 2 * stride
                    tap += 2
                }
                let pixels = ck_u8_clamped(sum &>> SIMD16(repeating: bits))
                if left + 16 <= width {
                    ck_store(output + left, pixels)
                } else {
                    ck_store_some(output + left, pixels, width - left)
                }
                left += 16
            }
        }
    }
}
