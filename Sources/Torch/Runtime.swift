import CTorch

/// The libtorch that this program runs with.
public enum Runtime {
    /// The version, for example `2.13.0`.
    public static var version: String { String(cString: ctorch_version()) }
    /// The file that libtorch was loaded from.
    public static var libraryPath: String { String(cString: ctorch_library_path()) }
    /// The number of GPUs that libtorch can use.
    public static var cudaDevices: Int { Int(ctorch_cuda_devices()) }
    /// Makes `malloc` keep freed memory for the next step: returning it to the system and paging it in again took a
    /// quarter of a ResNet-18's step at 32 pixels. For programs that train.
    public static func keepMemory() { ctorch_keep_memory() }
    /// Sets the number of threads of an operation.
    public static func setThreads(_ count: Int) throws(TorchError) {
        try check("set_num_threads", ctorch_set_threads(Int32(count)))
    }
}

/// A seeded source of random numbers on the CPU; the same seed gives the same weights on any device.
public final class Generator {
    let handle: ctorch_generator

    /// Starts a generator from a seed.
    public init(seed: UInt64) throws(TorchError) {
        var handle: ctorch_generator?
        try check("generator", ctorch_generator_new(seed, &handle))
        guard let handle else { throw TorchError(operation: "generator", message: "gave no generator") }
        self.handle = handle
    }

    deinit { ctorch_generator_free(handle) }

    /// Uniform in `[low, high)`, float32.
    public func uniform(_ shape: [Int], _ low: Double, _ high: Double) throws(TorchError) -> Tensor {
        try make("uniform") { ctorch_uniform(shape.wide, shape.rank, low, high, handle, $0) }
    }

    /// Normal with mean 0, float32.
    public func normal(_ shape: [Int], std: Double) throws(TorchError) -> Tensor {
        try make("normal") { ctorch_normal(shape.wide, shape.rank, std, handle, $0) }
    }
}
