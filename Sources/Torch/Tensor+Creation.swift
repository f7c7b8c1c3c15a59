import CTorch

extension Tensor {
    /// Copies values in row-major order.
    public convenience init<E: Element>(_ values: [E], shape: [Int]) throws(TorchError) {
        // The shape may come from a file: the product of its sizes must not overflow.
        let count = shape.reduce(1) { (count: Int?, size: Int) -> Int? in
            guard let count, size >= 0 else { return nil }
            let (product, overflows) = count.multipliedReportingOverflow(by: size)
            return overflows ? nil : product
        }
        guard values.count == count else {
            throw TorchError(operation: "tensor", message: "\(values.count) values do not fill the shape \(shape)")
        }
        var handle: ctorch_tensor?
        let status = values.withUnsafeBytes { bytes in
            // An empty array has no memory, but libtorch needs a pointer.
            withUnsafePointer(to: 0) { none in
                ctorch_copy_in(
                    bytes.baseAddress ?? UnsafeRawPointer(none), shape.wide, shape.rank, E.dtype.rawValue, &handle)
            }
        }
        try check("tensor", status)
        guard let handle else { throw TorchError(operation: "tensor", message: "gave no tensor") }
        self.init(handle)
    }

    /// Uses foreign memory without a copy. `owner` stays alive as long as this tensor, any view of it, or a graph that
    /// saved it for its gradient.
    /// - Precondition: the memory holds the shape's elements, and stays valid as long as `owner`, or without an owner,
    ///   while any of these is used.
    public static func borrowing(
        _ memory: UnsafeMutableRawPointer, shape: [Int], dtype: DType, owner: AnyObject? = nil
    ) throws(TorchError) -> Tensor {
        let retained = owner.map { Unmanaged.passRetained($0).toOpaque() }
        return try make("borrow") { out in
            ctorch_borrow(
                memory, shape.wide, shape.rank, dtype.rawValue, retained,
                { owner in if let owner { Unmanaged<AnyObject>.fromOpaque(owner).release() } }, out)
        }
    }

    /// A tensor filled with one value.
    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try make("full") { ctorch_full(shape.wide, shape.rank, value, dtype.rawValue, device.code, $0) }
    }

    /// A tensor of zeros.
    public static func zeros(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try full(shape, 0, dtype: dtype, device: device)
    }

    /// A tensor of ones.
    public static func ones(
        _ shape: [Int], dtype: DType = .float32, device: Device = .cpu
    ) throws(TorchError) -> Tensor {
        try full(shape, 1, dtype: dtype, device: device)
    }

    /// The identity matrix of n rows.
    public static func eye(_ n: Int, dtype: DType = .float32, device: Device = .cpu) throws(TorchError) -> Tensor {
        try make("eye") { ctorch_eye(Int64(n), dtype.rawValue, device.code, $0) }
    }

    /// 0, 1, ..., count - 1.
    public static func arange(_ count: Int, dtype: DType = .int64, device: Device = .cpu) throws(TorchError) -> Tensor {
        try make("arange") { ctorch_arange(Int64(count), dtype.rawValue, device.code, $0) }
    }
}

extension Tensor {
    /// The values converted to a type; the tensor itself if it has that type.
    public func to(_ dtype: DType) throws(TorchError) -> Tensor {
        dtype == self.dtype ? self : try make("to") { ctorch_cast(handle, dtype.rawValue, $0) }
    }

    /// The values on a device; the tensor itself if it is there.
    public func to(device: Device) throws(TorchError) -> Tensor {
        device == self.device ? self : try make("to") { ctorch_move(handle, device.code, $0) }
    }

    /// The values in row-major order without gaps.
    public func contiguous() throws(TorchError) -> Tensor {
        try make("contiguous") { ctorch_contiguous(handle, false, $0) }
    }

    /// The values `[N, C, H, W]` with channels innermost in memory, which is faster for libtorch 2's convolutions.
    public func channelsLast() throws(TorchError) -> Tensor {
        try make("contiguous") { ctorch_contiguous(handle, true, $0) }
    }

    /// A copy.
    public func clone() throws(TorchError) -> Tensor { try make("clone") { ctorch_clone(handle, $0) } }
}

extension [Int] {
    /// The numbers as libtorch takes them.
    var wide: [Int64] { map(Int64.init) }
    /// Number of dimensions.
    var rank: Int32 { Int32(count) }
}
