import CKernels

/// Noise on pixel values. The noise of a value is a function of a key and of the value's index, which the caller
/// counts.
extension Kernels {
    /// Fills a row with values uniform in 0...255, for the indices from `first`.
    package static func noise(
        to target: UnsafeMutablePointer<UInt8>, count: Int, first: UInt32, key: UInt32, other: UInt32
    ) {
        for index in stride(from: 0, to: count, by: 16) {
            let bits = ck_noise(first &+ UInt32(truncatingIfNeeded: index), key, other)
            put(ck_u8_top(bits), to: target + index, left: count - index)
        }
    }

    /// Adds `offset + std * n`, truncated, to every value and clamps it, in place; n = table[i] + table[j], with i and
    /// j ten random bits each. `table` holds 1024 values, `work` 16.
    package static func addNoise(
        _ pixels: UnsafeMutablePointer<UInt8>, count: Int, offset: Float, std: Float, key: UInt32, other: UInt32,
        table: UnsafePointer<Float>, work: UnsafeMutablePointer<UInt32>
    ) {
        for index in stride(from: 0, to: count, by: 16) {
            ck_store_u32(work, ck_noise(UInt32(truncatingIfNeeded: index), key, other))
            for lane in 0..<min(16, count - index) {
                let bits = work[lane]
                let normal = table[Int(bits & 1023)] + table[Int(bits >> 10 & 1023)]
                let value = Int32(pixels[index + lane]) &+ Int32(offset + normal * std)
                pixels[index + lane] = UInt8(truncatingIfNeeded: min(max(value, 0), 255))
            }
        }
    }
}
