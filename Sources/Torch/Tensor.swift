import CTorch

/// An n-dimensional array of libtorch, on a CPU or a GPU, that records operations for gradients.
///
/// The tensor is freed with its last reference. It is not Sendable: several threads may read a tensor of libtorch, but
/// not while one of them writes.
public final class Tensor {
    let handle: ctorch_tensor

    init(_ handle: ctorch_tensor) { self.handle = handle }

    deinit { ctorch_free(handle) }

    /// The number of tensors alive in this process, for tests of leaks.
    public static var live: Int { Int(ctorch_live()) }
}

/// The device of a tensor.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    /// Main memory.
    case cpu
    /// A GPU by its index.
    case cuda(Int)

    var code: Int32 {
        switch self {
        case .cpu: -1
        case .cuda(let index): Int32(index)
        }
    }

    init(code: Int32) { self = code < 0 ? .cpu : .cuda(Int(code)) }

    /// As PyTorch writes it, `cpu` or `cuda:0`.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}

/// The type of a tensor's elements; raw values are ATen's.
public enum DType: Int8, Sendable, CaseIterable {
    case uint8 = 0
    case int32 = 3
    case int64 = 4
    case float16 = 5
    case float32 = 6
    case float64 = 7
    case bool = 11
    case bfloat16 = 15

    /// Bytes of an element.
    public var size: Int {
        switch self {
        case .uint8, .bool: 1
        case .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }
}

/// A Swift type that tensors hold.
public protocol Element: BitwiseCopyable, Sendable {
    /// The type's name in libtorch.
    static var dtype: DType { get }
}

extension Float: Element {
    /// 32 bits, IEEE 754.
    public static var dtype: DType { .float32 }
}

extension Double: Element {
    /// 64 bits, IEEE 754.
    public static var dtype: DType { .float64 }
}

extension Int64: Element {
    /// 64 bits, signed.
    public static var dtype: DType { .int64 }
}

extension UInt8: Element {
    /// 8 bits, unsigned.
    public static var dtype: DType { .uint8 }
}

extension Tensor {
    /// The size of each dimension.
    public var shape: [Int] { (0..<ctorch_rank(handle)).map { Int(ctorch_size(handle, $0)) } }
    /// Number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Type of the elements; float32 for types that Diptych does not use.
    public var dtype: DType { DType(rawValue: ctorch_dtype(handle)) ?? .float32 }
    /// The device of the elements.
    public var device: Device { Device(code: ctorch_device(handle)) }

    /// The value of a tensor with one element.
    public func item() throws(TorchError) -> Double {
        var value = 0.0
        try check("item", ctorch_item(handle, &value))
        return value
    }

    /// The elements in row-major order, converted to `E`, in main memory.
    public func toArray<E: Element>(_ type: E.Type = E.self) throws(TorchError) -> [E] {
        let count = count
        var status: ctorch_status = 0
        let array = [E](unsafeUninitializedCapacity: count) { memory, filled in
            status = ctorch_copy_out(handle, E.dtype.rawValue, memory.baseAddress, Int64(count))
            filled = status == 0 ? count : 0
        }
        try check("copy", status)
        return array
    }
}
