import CTorch

/// How products and convolutions of a network round; its weights, statistics, losses and optimisers stay in float32.
public enum Precision: String, Codable, Sendable, CaseIterable {
    /// 24 bits of significand.
    case float32
    /// Float32 whose factors are rounded to 11 bits on their way into a GPU's matrix units; on a CPU the same as
    /// `float32`.
    case tf32
    /// bfloat16, 8 bits of significand, where it is safe: PyTorch's autocast.
    case bfloat16

    /// Runs a network whose weights and input lie on a device; what it gives comes out in float32.
    public func run(
        on device: Device, _ network: () throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        guard self == .bfloat16 else { return try network() }
        try check("autocast", ctorch_autocast_begin(device.code, DType.bfloat16.rawValue))
        defer { ctorch_autocast_end(device.code) }
        return try network().to(.float32)
    }
}

extension Runtime {
    /// Whether a GPU may round float32 factors to TF32; not by default, whatever libtorch's own is.
    public static func allowTF32(_ allowed: Bool) throws(TorchError) {
        try check("set_tf32", ctorch_set_tf32(allowed))
    }

    /// Lets cuDNN try its algorithms once on each new shape and keep the fastest: for batches of one size.
    public static func searchAlgorithms(_ enabled: Bool) throws(TorchError) {
        try check("set_search", ctorch_set_search(enabled))
    }

    /// Floating-point operations that this thread has asked of products and convolutions so far, with those of their
    /// gradients where operations are recorded.
    public static var operations: Int { Int(ctorch_operations()) }

    /// Whether batch norm takes few passes over a GPU's memory: by kernels compiled there, from libtorch 2.11 on.
    public static func fusesNorm(on device: Device) -> Bool { ctorch_fuses_norm(device.code) }

    /// Waits until a device has done all it was given; nothing to wait for on a CPU.
    public static func synchronize(_ device: Device) throws(TorchError) {
        try check("synchronize", ctorch_synchronize(device.code))
    }
}
