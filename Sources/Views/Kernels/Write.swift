import CKernels

/// Copies of planes: mirrored, as normalised floats, or as interleaved pixels.
extension Kernels {
    /// Mirrors every row of a plane from left to right, in place; `line` holds `width + 16` bytes.
    package static func mirrorRows(
        _ pixels: UnsafeMutablePointer<UInt8>, width: Int, height: Int, line: UnsafeMutablePointer<UInt8>
    ) {
        for y in 0..<height {
            let row = pixels + y * width
            var x = 0
            while x + 16 <= width {
                ck_store(line + width - 16 - x, ck_reversed(ck_load(row + x)))
                x += 16
            }
            while x < width {
                line[width - 1 - x] = row[x]
                x += 1
            }
            row.update(from: line, count: width)
        }
    }

    /// `(x / 255 - mean) / std`, given as `x * factor + offset`.
    package static func normalize(
        _ pixels: UnsafePointer<UInt8>, count: Int, factor: Float, offset: Float, to target: UnsafeMutablePointer<Float>
    ) {
        // Large views leave the caches before they are read, so non-temporal stores avoid fetching their lines.
        if count >= 4096 && count & 15 == 0 && UInt(bitPattern: target) & 63 == 0 {
            for index in stride(from: 0, to: count, by: 16) {
                ck_stream_f32(target + index, ck_f32(ck_load(pixels + index)) * factor + offset)
            }
            ck_stream_end()
            return
        }
        for index in stride(from: 0, to: count, by: 16) {
            let value = ck_f32(ck_load(pixels + index)) * factor + offset
            if count - index >= 16 {
                ck_store_f32(target + index, value)
            } else {
                ck_store_some_f32(target + index, value, count - index)
            }
        }
    }

    /// Three planes as pixels of three bytes, `[count, 3]`; up to 15 bytes after each plane are read.
    package static func interleave(
        _ red: UnsafePointer<UInt8>, _ green: UnsafePointer<UInt8>, _ blue: UnsafePointer<UInt8>, count: Int,
        to target: UnsafeMutablePointer<UInt8>
    ) {
        // As in `normalize`; it takes half the time at 96x96, and more than before at 32x32.
        if count >= 4096 && count & 15 == 0 && UInt(bitPattern: target) & 15 == 0 {
            for index in stride(from: 0, to: count, by: 16) {
                ck_stream_pixels(
                    target + 3 * index, ck_load(red + index), ck_load(green + index), ck_load(blue + index))
            }
            ck_stream_end()
            return
        }
        for index in stride(from: 0, to: count, by: 16) {
            let (reds, greens, blues) = (ck_load(red + index), ck_load(green + index), ck_load(blue + index))
            if count - index >= 16 {
                ck_store_pixels(target + 3 * index, reds, greens, blues)
            } else {
                ck_store_some_pixels(target + 3 * index, reds, greens, blues, count - index)
            }
        }
    }
}
