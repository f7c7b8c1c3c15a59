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

    /// The sum of the gray levels of three planes.
    package static func graySum(
        _ red: UnsafePointer<UInt8>, _ green: UnsafePointer<UInt8>, _ blue: UnsafePointer<UInt8>, count: Int
    ) -> Int {
        var total = 0
        var index = 0
        while index < count {
            // A lane holds 2^16 gray levels without overflow.
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

    /// Every plane becomes the gray level.
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

    /// One channel that has `share`, clamped to 0...1, of the chroma above the least channel.
    @inline(__always)
    private static func channel(
        _ share: SIMD16<Float>, chroma: SIMD16<Float>, least: SIMD16<Float>
    ) -> SIMD16<UInt8> {
        let kept = ck_min_f32(ck_max_f32(share, SIMD16(repeating: 0)), SIMD16(repeating: 1))
        // torchvision goes back to bytes by floor(255.999 v) with v in 0...1.
        return ck_u8_from_f32((least + chroma * kept) * Float(255.999 / 255))
    }

    /// Turns the hue by `shift` of a turn, in -0.5...0.5.
    ///
    /// With the hue h in sixths of a turn, chroma c and least channel m, HSV to RGB is R = m + c clamp(|h - 3| - 1),
    /// G = m + c clamp(2 - |h - 2|), B = m + c clamp(2 - |h - 4|), where clamp is to 0...1: no cases, one division.
    package static func turnHue(
        _ red: UnsafeMutablePointer<UInt8>, _ green: UnsafeMutablePointer<UInt8>,
        _ blue: UnsafeMutablePointer<UInt8>, count: Int, shift: Float
    ) {
        for index in stride(from: 0, to: count, by: 16) {
            let r = ck_load(red + index)
            let g = ck_load(green + index)
            let b = ck_load(blue + index)
            let most = ck_max(ck_max(r, g), b)
            let least = ck_min(ck_min(r, g), b)
            let r32 = ck_f32(r)
            let g32 = ck_f32(g)
            let b32 = ck_f32(b)
            let floor = ck_f32(least)
            let chroma = ck_f32(most) - floor
            let top = ck_f32(most)
            // (g - b), (b - r) or (r - g), by the largest channel; the first that is largest counts.
            var difference = ck_where_equal(g32, top, b32 - r32, r32 - g32)
            difference = ck_where_equal(r32, top, g32 - b32, difference)
            var base = ck_where_equal(g32, top, SIMD16(repeating: 2), SIMD16(repeating: 4))
            base = ck_where_equal(r32, top, SIMD16(repeating: 0), base)
            // Gray has no hue and no chroma; any divisor will do.
            var hue = difference / ck_max_f32(chroma, SIMD16(repeating: 1)) + (base + shift * 6)
            hue = ck_where_less(hue, SIMD16(repeating: 0), hue + 6, hue)
            hue = ck_where_less(hue, SIMD16(repeating: 6), hue, hue - 6)
            let left = count - index
            put(channel(ck_abs_f32(hue - 3) - 1, chroma: chroma, least: floor), to: red + index, left: left)
            put(channel(2 - ck_abs_f32(hue - 2), chroma: chroma, least: floor), to: green + index, left: left)
            put(channel(2 - ck_abs_f32(hue - 4), chroma: chroma, least: floor), to: blue + index, left: left)
        }
    }
}
