import CKernels

/// Operations on single pixel values, in place, and on the 3x3 neighbourhood.
extension Kernels {
    /// `x` becomes `255 - x` where it is `threshold` or more.
    package static func solarize(_ pixels: UnsafeMutablePointer<UInt8>, count: Int, threshold: UInt8) {
        for index in stride(from: 0, to: count, by: 16) {
            let result = ck_solarized(ck_load(pixels + index), SIMD16(repeating: threshold))
            put(result, to: pixels + index, left: count - index)
        }
    }

    /// `x & mask`.
    package static func mask(_ pixels: UnsafeMutablePointer<UInt8>, count: Int, mask: UInt8) {
        for index in stride(from: 0, to: count, by: 16) {
            put(ck_load(pixels + index) & SIMD16(repeating: mask), to: pixels + index, left: count - index)
        }
    }

    /// Counts the pixel values; `counts` has room for 256 counts.
    package static func histogram(
        _ pixels: UnsafePointer<UInt8>, count: Int, counts: UnsafeMutablePointer<UInt32>
    ) {
        counts.update(repeating: 0, count: 256)
        for index in 0..<count { counts[Int(pixels[index])] &+= 1 }
    }

    /// `table[x]`; `table` holds 256 values.
    package static func lookUp(_ pixels: UnsafeMutablePointer<UInt8>, count: Int, table: UnsafePointer<UInt8>) {
        for index in 0..<count { pixels[index] = table[Int(pixels[index])] }
    }

    /// `clamp(x + rest * (blurred - x))` into another plane; blurred = round(([1 1 1; 1 5 1; 1 1 1] * x) / 13), and the
    /// border is left as it is. At least 3x3 pixels; up to 15 bytes after the plane are read.
    package static func sharpen(
        _ source: UnsafePointer<UInt8>, width: Int, height: Int, rest: Float, to target: UnsafeMutablePointer<UInt8>
    ) {
        target.update(from: source, count: width)
        let last = (height - 1) * width
        (target + last).update(from: source + last, count: width)
        for y in 1..<(height - 1) {
            let row = source + y * width
            let output = target + y * width
            output[0] = row[0]
            output[width - 1] = row[width - 1]
            for x in stride(from: 1, to: width - 1, by: 16) {
                let here = row + x
                let centre = ck_u16(ck_load(here))
                var sum = columnSum(here, width) &+ columnSum(here - 1, width) &+ columnSum(here + 1, width)
                sum &+= centre &<< SIMD16(repeating: 2)
                // 5042 / 65536 is 1/13 closely enough for every sum up to 13 * 255 + 6.
                let blurred = ck_mulhi(sum &+ SIMD16(repeating: 6), SIMD16(repeating: 5042))
                let level = ck_f32(ck_u8_from_u16(centre))
                let value = level + (ck_f32(ck_u8_from_u16(blurred)) - level) * rest
                put(ck_u8_from_f32(value), to: output + x, left: width - 1 - x)
            }
        }
    }

    @inline(__always)
    private static func columnSum(_ here: UnsafePointer<UInt8>, _ width: Int) -> SIMD16<UInt16> {
        ck_u16(ck_load(here - width)) &+ ck_u16(ck_load(here)) &+ ck_u16(ck_load(here + width))
    }
}
