import CTorch

/// The kernels used on the CPU. The levels are for tests, which compare them with each other.
enum Kernels: UInt32, CaseIterable {
    /// The fastest kernels that the processor runs.
    case fastest
    /// libtorch's operations.
    case libtorch
    case any, avx2, avx512

    var code: ctorch_kernels { ctorch_kernels(rawValue) }
}
