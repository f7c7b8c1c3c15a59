import CTorch
import Foundation

/// A tensor in a file, read on demand. Its position in the file has been checked.
public struct StoredTensor: Sendable {
    /// The shape.
    public let shape: [Int]
    /// The type of the elements.
    public let dtype: DType
    /// Elements between neighbours of each dimension; nil in row-major order.
    private let strides: [Int]?
    /// The bytes from its first element.
    private let bytes: Data

    /// Takes a tensor in row-major order whose bytes these are.
    init(shape: [Int], dtype: DType, bytes: Data) {
        (self.shape, self.dtype, self.bytes) = (shape, dtype, bytes)
        strides = nil
    }

    /// Takes a tensor in a storage.
    /// - Throws: `Refusal` if it lies outside of it, or has more elements than it.
    init(shape: [Int], strides: [Int], offset: Int, dtype: DType, storage: Data) throws(Refusal) {
        let impossible = Refusal("has a tensor of the impossible shape \(shape) and strides \(strides)")
        guard shape.count == strides.count, shape.count <= 64, offset >= 0 else { throw impossible }
        let elements = storage.count / dtype.size
        var count = 1
        var last = offset
        for (extent, stride) in zip(shape, strides) {
            // First, as the least integer has no predecessor.
            guard extent >= 0, stride >= 0 else { throw impossible }
            let (product, overflows) = count.multipliedReportingOverflow(by: extent)
            let (reach, isFar) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
            let (sum, isTooFar) = last.addingReportingOverflow(reach)
            guard !overflows, !isFar, !isTooFar else { throw impossible }
            (count, last) = (product, sum)
        }
        guard count == 0 || (last < elements && count <= elements) else {
            throw Refusal("has a tensor of shape \(shape) that its storage of \(elements) elements does not hold")
        }
        self.shape = shape
        self.dtype = dtype
        // A dimension of one element is never stepped along, so its stride may be anything.
        let steps = zip(shape, strides).map { $0 > 1 ? $1 : 0 }
        self.strides = count == 0 || StoredTensor.isRowMajor(shape, strides) ? nil : steps
        let start = storage.startIndex + (count == 0 ? 0 : offset * dtype.size)
        bytes = storage[start..<storage.startIndex + (count == 0 ? 0 : (last + 1) * dtype.size)]
    }

    /// Whether the elements of a tensor that is not empty are in row-major order without gaps.
    private static func isRowMajor(_ shape: [Int], _ strides: [Int]) -> Bool {
        var expected = 1
        for (extent, stride) in zip(shape, strides).reversed() {
            if extent > 1, stride != expected { return false }
            expected *= extent
        }
        return true
    }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// A copy in main memory.
    public func tensor() throws(TorchError) -> Tensor {
        // An empty tensor has no memory, but libtorch needs a pointer.
        let source = strides.map(gathered) ?? (bytes.isEmpty ? Data([0]) : bytes)
        return try make("tensor") { out in
            source.withUnsafeBytes { ctorch_copy_in($0.baseAddress, shape.wide, shape.rank, dtype.rawValue, out) }
        }
    }

    /// The elements in row-major order.
    private func gathered(_ strides: [Int]) -> Data {
        let size = dtype.size
        var result = Data(capacity: count * size)
        bytes.withUnsafeBytes { source in
            var index = [Int](repeating: 0, count: shape.count)
            var offset = 0
            while true {
                result.append(contentsOf: source[offset * size..<(offset + 1) * size])
                var dimension = shape.count - 1
                while dimension >= 0 {
                    index[dimension] += 1
                    offset += strides[dimension]
                    if index[dimension] < shape[dimension] { break }
                    offset -= index[dimension] * strides[dimension]
                    index[dimension] = 0
                    dimension -= 1
                }
                if dimension < 0 { return }
            }
        }
        return result
    }
}
