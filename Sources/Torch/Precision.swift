import CTorch

/// The precision of a network's products and convolutions. Weights, statistics, losses and optimisers stay in float32.
public enum Precision: String, Codable, Sendable, CaseIterable {
    /// 24 bits of significand.
    case float32
    /// Float32 whose factors a GPU's matrix units round to 11 bits; the same as `float32` on a CPU.
    case tf32
    /// bfloat16, 8 bits of significand, where it is safe: PyTorch's autocast.
    case bfloat16

    /// Runs a network on a device, and returns its result in float32.
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
    /// Sets whether a GPU may round float32 factors to TF32.
    public static func allowTF32(_ allowed: Bool) throws(TorchError) {
        try check("set_tf32", ctorch_set_tf32(allowed))
    }

    /// Sets whether cuDNN tries its algorithms on each new shape and keeps the fastest: for batches of one size.
    public static func searchAlgorithms(_ enabled: Bool) throws(TorchError) {
        try check("set_search", ctorch_set_search(enabled))
    }

    /// Floating-point operations of this thread's products and convolutions so far, with those of their gradients if
    /// operations are recorded.
    public static var operations: Int { Int(ctorch_operations()) }

    /// Whether batch norm has fused kernels on a GPU, which needs libtorch 2.11 or later.
    public static func fusesNorm(on device: Device) -> Bool { ctorch_fuses_norm(device.code) }

    /// Waits until a GPU is idle; does nothing for a CPU.
    public static func synchronize(_ device: Device) throws(TorchError) {
        try check("synchronize", ctorch_synchronize(device.code))
    }
}
