import CKernels

/// Noise on levels: every level's is a function of a key and of its index, counted by the caller.
extension Kernels {
    /// Fills a row with levels uniform in 0...255, those of the indices from `first`.
    package static func noise(
        to target: UnsafeMutablePointer<UInt8>, count: Int, first: UInt32, key: UInt32, other: UInt32
    ) {
        for index in stride(from: 0, to: count, by: 16) {
            let bits = ck_noise(first &+ UInt32(truncatingIfNeeded: index), key, other)
            put(ck_u8_top(bits), to: target + index, left: count - index)
        }
    }

    /// Adds `offset + deviation * n`, truncated, to every level, in place and clamped; n = table[i] + table[j] of two times
    /// ten random bits. `table` holds 1024 values, `work` 16.
    package static func addNoise(
        _ pixels: UnsafeMutablePointer<UInt8>, count: Int, offset: Float, deviation: Float, key: UInt32, other: UInt32,
        table: UnsafePointer<Float>, work: UnsafeMutablePointer<UInt32>
    ) {
        for index in stride(from: 0, to: count, by: 16) {
            ck_store_u32(work, ck_noise(UInt32(truncatingIfNeeded: index), key, other))
            for lane in 0..<min(16, count - index) {
                let bits = work[lane]
                let normal = table[Int(bits & 1023)] + table[Int(bits >> 10 & 1023)]
                let level = Int32(pixels[index + lane]) &+ Int32(offset + normal * deviation)
                pixels[index + lane] = UInt8(truncatingIfNeeded: min(max(level, 0), 255))
            }
        }
    }
}
