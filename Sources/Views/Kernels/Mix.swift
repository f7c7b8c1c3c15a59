import CKernels

extension Kernels {
    /// `target = first * share + second * rest`, float by float.
    package static func mix(
        _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, share: Float, rest: Float, count: Int,
        to target: UnsafeMutablePointer<Float>
    ) {
        var index = 0
        while index + 16 <= count {
            ck_store_f32(target + index, ck_load_f32(first + index) * share + ck_load_f32(second + index) * rest)
            index += 16
        }
        while index < count {
            target[index] = first[index] * share + second[index] * rest
            index += 1
        }
    }
}
