import CKernels

/// Colour operations in place on planes of bytes, as torchvision computes them on bytes: in single precision, the
/// results clamped and truncated. Up to 15 bytes after a plane are read.
extension Kernels {
    /// 0.2989 R + 0.587 G + 0.114 B, not yet truncated.
    @inline(__always)
    private static func grayLevel(_ r: SIMD16<Float>, _ g: SIMD16<Float>, _ b: SIMD16<Float>) -> SIMD16<Float> {
        r * 0.2989 + g * 0.587 + b * 0.114
    }

    /// Truncated and clamped to 0...255; the conversion clamps below.
    @inline(__always)
    private static func clamped(_ value: SIMD16<Float>) -> SIMD16<UInt8> {
        ck_u8_from_f32(ck_min_f32(value, SIMD16(repeating: 255)))
    }

    /// Stores a vector, or its beginning where fewer than 16 pixels are left.
    @inline(__always)
    static func put(_ pixels: SIMD16<UInt8>, to target: UnsafeMutablePointer<UInt8>, left: Int) {
        if left >= 16 { ck_store(target, pixels) } else { ck_store_some(target, pixels, left) }
    }

    /// `clamp(factor * x + offset)`: brightness with offset 0, contrast with `(1 - factor) * mean`.
    package static func scale(_ pixels: UnsafeMutablePointer<UInt8>, count: Int, factor: Float, offset: Float) {
        for index in stride(from: 0, to: count, by: 16) {
            let value = ck_f32(ck_load(pixels + index)) * factor + offset
            put(clamped(value), to: pixels + index, left: count - index)
        }
    }

    /// The sum of the gray values of three planes.
    package static func graySum(
        _ red: UnsafePointer<UInt8>, _ green: UnsafePointer<UInt8>, _ blue: UnsafePointer<UInt8>, count: Int
    ) -> Int {
        var total = 0
        var index = 0
        while index < count {
            // A lane holds 2^16 gray values without overflow.
            let end = min(count, index + 16 << 16)
            var sums = SIMD16<UInt32>()
            while index + 16 <= end {
                let gray = ck_u8_from_f32(
                    grayLevel(
                        ck_f32(ck_load(red + index)), ck_f32(ck_load(green + index)), ck_f32(ck_load(blue + index))))
                sums &+= SIMD16<UInt32>(truncatingIfNeeded: ck_i32(gray))
                index += 16
            }
            for lane in 0..<16 { total += Int(sums[lane]) }
            if index < end {
                let gray = ck_u8_from_f32(
                    grayLevel(
                        ck_f32(ck_load(red + index)), ck_f32(ck_load(green + index)), ck_f32(ck_load(blue + index))))
                for lane in 0..<(end - index) { total += Int(gray[lane]) }
                index = end
            }
        }
        return total
    }

    /// Sets every plane to the gray value.
    package static func grayscale(
        _ red: UnsafeMutablePointer<UInt8>, _ green: UnsafeMutablePointer<UInt8>,
        _ blue: UnsafeMutablePointer<UInt8>, count: Int
    ) {
        for index in stride(from: 0, to: count, by: 16) {
            let gray = ck_u8_from_f32(
                grayLevel(
                    ck_f32(ck_load(red + index)), ck_f32(ck_load(green + index)), ck_f32(ck_load(blue + index))))
            put(gray, to: red + index, left: count - index)
            put(gray, to: green + index, left: count - index)
            put(gray, to: blue + index, left: count - index)
        }
    }

    /// `clamp(factor * x + (1 - factor) * gray)`.
    package static func saturate(
        _ red: UnsafeMutablePointer<UInt8>, _ green: UnsafeMutablePointer<UInt8>,
        _ blue: UnsafeMutablePointer<UInt8>, count: Int, factor: Float, rest: Float
    ) {
        for index in stride(from: 0, to: count, by: 16) {
            let r = ck_f32(ck_load(red + index))
            let g = ck_f32(ck_load(green + index))
            let b = ck_f32(ck_load(blue + index))
            let gray = ck_truncated(grayLevel(r, g, b)) * rest
            let left = count - index
            put(clamped(r * factor + gray), to: red + index, left: left)
            put(clamped(g * factor + gray), to: green + index, left: left)
            put(clamped(b * factor + gray), to: blue + index, left: left)
        }
    }

    /// One channel that has `share` of the shifted hue, clamped to the chroma.
    @inline(__always)
    private static func channel(
        _ share: SIMD16<Float>, chroma: SIMD16<Float>, least: SIMD16<Float>
    ) -> SIMD16<UInt8> {
        let kept = ck_min_f32(ck_max_f32(share, SIMD16(repeating: 0)), chroma)
        // torchvision goes back to bytes by floor(255.999 v) with v in 0...1.
        return ck_u8_from_f32((least + kept) * Float(255.999 / 255))
    }

    /// Shifts the hue by `shift` turns, in -0.5...0.5.
    ///
    /// With the hue h in sixths of a turn, chroma c and least channel m, HSV to RGB is R = m + c clamp(|h - 3| - 1), G
    /// = m + c clamp(2 - |h - 2|), B = m + c clamp(2 - |h - 4|), where clamp is to 0...1. All of it is multiplied by c
    /// here: c h before the turn is a whole number, and there are no cases and no division.
    package static func turnHue(
        _ red: UnsafeMutablePointer<UInt8>, _ green: UnsafeMutablePointer<UInt8>,
        _ blue: UnsafeMutablePointer<UInt8>, count: Int, shift: Float
    ) {
        let turn = (shift < 0 ? shift + 1 : shift) * 6
        for index in stride(from: 0, to: count, by: 16) {
            let (r8, g8, b8) = (ck_load(red + index), ck_load(green + index), ck_load(blue + index))
            let (most8, least8) = (ck_max(ck_max(r8, g8), b8), ck_min(ck_min(r8, g8), b8))
            let (r, g, b, most) = (ck_u16(r8), ck_u16(g8), ck_u16(b8), ck_u16(most8))
            let one = ck_u16(most8 &- least8)
            let two = one &+ one
            // c h, by the largest channel; the first that is largest counts.
            let byRed = ck_where_less(g, b, one &* SIMD16(repeating: 6), SIMD16(repeating: 0)) &+ g &- b
            let byGreen = two &+ b &- r
            let byBlue = two &+ two &+ r &- g
            let before = ck_where_equal(r, most, byRed, ck_where_equal(g, most, byGreen, byBlue))
            let (chroma, least) = (ck_f32_from_u16(one), ck_f32(least8))
            let turned = ck_f32_from_u16(before) + chroma * turn
            // Past six the circle begins again.
            let six = chroma * 6
            let hue = ck_where_less_f32(turned, six, turned, turned - six)
            let (twice, left) = (chroma * 2, count - index)
            put(
                channel(ck_abs_f32(hue - chroma * 3) - chroma, chroma: chroma, least: least), to: red + index,
                left: left)
            put(channel(twice - ck_abs_f32(hue - twice), chroma: chroma, least: least), to: green + index, left: left)
            put(
                channel(twice - ck_abs_f32(hue - chroma * 4), chroma: chroma, least: least), to: blue + index,
                left: left)
        }
    }
}
