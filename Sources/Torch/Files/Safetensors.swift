import CTorch
import Files
import Foundation

/// A file in the safetensors format that cannot be used.
public struct SafetensorsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public var path: String
    /// What is wrong, in one line for the user.
    public var reason: String

    /// `path: reason`.
    public var description: String { "\(path): \(reason)" }
}

/// Named tensors and metadata in Hugging Face's safetensors format.
///
/// The file is the header's length (8 bytes, little-endian), the header as JSON (name to type, shape and offsets), then
/// the elements. It contains no code. The header is checked against the file before memory is allocated.
public struct Safetensors {
    /// The tensors by name, in main memory.
    public var tensors: [String: Tensor]
    /// The metadata: texts by name.
    public var metadata: [String: String]

    /// Takes tensors and metadata.
    public init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The longest header that is read: 100 MB, the format's own limit.
    private static let longestHeader = 100_000_000

    /// Reads a whole file.
    /// - Throws: `SafetensorsError` if it cannot be read, is truncated or inconsistent.
    public init(contentsOf path: String) throws(SafetensorsError) {
        try self.init(Safetensors.bytes(of: path), path: path)
    }

    /// The bytes of a file, memory-mapped.
    /// - Throws: `SafetensorsError` if it cannot be read.
    public static func bytes(of path: String) throws(SafetensorsError) -> Data {
        do throws(FileError) {
            return try StoredFile.read(path)
        } catch {
            throw SafetensorsError(path: path, reason: error.reason)
        }
    }

    /// The metadata of a file; its tensors are not read.
    /// - Throws: `SafetensorsError` if the header is invalid.
    public static func metadata(of data: Data, path: String) throws(SafetensorsError) -> [String: String] {
        try header(of: data, path: path).entries["__metadata__"] as? [String: String] ?? [:]
    }

    private static func header(
        of data: Data, path: String
    ) throws(SafetensorsError) -> (entries: [String: Any], length: Int) {
        func refuse(_ reason: String) -> SafetensorsError { SafetensorsError(path: path, reason: reason) }
        guard data.count >= 8 else { throw refuse("is not a safetensors file: only \(data.count) bytes") }
        let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard length <= longestHeader, Int(length) <= data.count - 8 else {
            throw refuse("is not a safetensors file, or is truncated: its header should have \(length) bytes")
        }
        guard
            let header = try? JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(Int(length)))
                as? [String: Any]
        else { throw refuse("is not a safetensors file: its header is not a JSON object") }
        return (header, Int(length))
    }

    /// Reads the bytes of a file; `path` is for messages, `isWanted` selects the tensors to copy.
    /// - Throws: `SafetensorsError` if they are truncated or inconsistent.
    public init(
        _ data: Data, path: String, tensors isWanted: (String) -> Bool = { _ in true }
    ) throws(SafetensorsError) {
        func refuse(_ reason: String) -> SafetensorsError { SafetensorsError(path: path, reason: reason) }
        let (header, length) = try Safetensors.header(of: data, path: path)
        let body = data.count - 8 - length
        tensors = [:]
        metadata = [:]
        var spans: [Range<Int>] = []
        for (name, value) in header {
            if name == "__metadata__" {
                guard let texts = value as? [String: String] else { throw refuse("has metadata that is not text") }
                metadata = texts
                continue
            }
            let entry = try Entry(name, value, body: body, path: path)
            spans.append(entry.span)
            guard isWanted(name) else { continue }
            let start = data.startIndex + 8 + length + entry.span.lowerBound
            do throws(TorchError) {
                tensors[name] = try Safetensors.tensor(entry, data[start..<start + entry.span.count])
            } catch {
                throw refuse("\(name): \(error)")
            }
        }
        spans.sort { $0.lowerBound < $1.lowerBound }
        var end = 0
        for span in spans where !span.isEmpty {
            guard span.lowerBound == end else { throw refuse("has tensors that overlap or leave gaps") }
            end = span.upperBound
        }
        guard end == body else { throw refuse("has \(body) bytes of tensors, but its header describes \(end)") }
    }

    /// The tensors in the order of the file; their elements are read on demand.
    /// - Throws: `SafetensorsError` if the bytes are truncated or inconsistent.
    public static func stored(
        in data: Data, path: String
    ) throws(SafetensorsError) -> [(key: String, tensor: StoredTensor)] {
        let (header, length) = try header(of: data, path: path)
        let start = data.startIndex + 8 + length
        var found: [(key: String, entry: Entry)] = []
        for (name, value) in header where name != "__metadata__" {
            found.append((name, try Entry(name, value, body: data.count - 8 - length, path: path)))
        }
        found.sort { ($0.entry.span.lowerBound, $0.key) < ($1.entry.span.lowerBound, $1.key) }
        return found.map { key, entry in
            let bytes = data[start + entry.span.lowerBound..<start + entry.span.upperBound]
            return (key, StoredTensor(shape: entry.shape, dtype: entry.dtype, bytes: bytes))
        }
    }

    /// Writes a file completely or not at all.
    /// - Throws: `FileError`, `TorchError`.
    public func write(to path: String) throws { try AtomicFile.write(bytes(), to: path) }

    /// The file as bytes.
    /// - Throws: `TorchError`.
    public func bytes() throws -> [UInt8] {
        var header: [String: Any] = [:]
        if !metadata.isEmpty { header["__metadata__"] = metadata }
        var offset = 0
        // Wide elements first, as in the reference implementation: every tensor is then aligned to its type.
        let order = tensors.sorted { ($1.value.dtype.size, $0.key) < ($0.value.dtype.size, $1.key) }
        for (name, tensor) in order {
            let size = tensor.count * tensor.dtype.size
            guard let type = Safetensors.names[tensor.dtype] else { continue }
            header[name] = ["dtype": type, "shape": tensor.shape, "data_offsets": [offset, offset + size]]
            offset += size
        }
        var json = try JSONSerialization.data(withJSONObject: header, options: [.sortedKeys, .withoutEscapingSlashes])
        json.append(contentsOf: repeatElement(0x20, count: (8 - json.count % 8) % 8))
        var bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian) { Array($0) }
        bytes.reserveCapacity(8 + json.count + offset)
        bytes += json
        for (_, tensor) in order { bytes += try Safetensors.bytes(tensor) }
        return bytes
    }

    private static let names: [DType: String] = [
        .uint8: "U8", .int32: "I32", .int64: "I64", .float16: "F16", .float32: "F32", .float64: "F64", .bool: "BOOL",
        .bfloat16: "BF16",
    ]

    private struct Entry {
        var dtype: DType
        var shape: [Int]
        var span: Range<Int>

        init(_ name: String, _ value: Any, body: Int, path: String) throws(SafetensorsError) {
            guard
                let entry = value as? [String: Any], let type = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int], offsets.count == 2
            else { throw SafetensorsError(path: path, reason: "\(name): has no dtype, shape and data_offsets") }
            guard let dtype = Safetensors.names.first(where: { $0.value == type })?.key else {
                throw SafetensorsError(path: path, reason: "\(name): has the type \(type), which is not supported")
            }
            // The product of hostile sizes must not overflow.
            var size = dtype.size
            for length in shape {
                let (product, overflows) = size.multipliedReportingOverflow(by: length)
                guard length >= 0, !overflows else {
                    throw SafetensorsError(path: path, reason: "\(name): has the impossible shape \(shape)")
                }
                size = product
            }
            guard 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= body, offsets[1] - offsets[0] == size else {
                throw SafetensorsError(
                    path: path, reason: "\(name): its offsets \(offsets) do not hold the shape \(shape) of \(type)")
            }
            self.dtype = dtype
            self.shape = shape
            span = offsets[0]..<offsets[1]
        }
    }

    private static func tensor(_ entry: Entry, _ data: Data) throws(TorchError) -> Tensor {
        let source = data.isEmpty ? Data([0]) : data
        return try make("tensor") { out in
            source.withUnsafeBytes { bytes in
                ctorch_copy_in(bytes.baseAddress, entry.shape.wide, entry.shape.rank, entry.dtype.rawValue, out)
            }
        }
    }

    private static func bytes(_ tensor: Tensor) throws(TorchError) -> [UInt8] {
        let size = tensor.count * tensor.dtype.size
        var status: ctorch_status = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(size, 1)) { memory, filled in
            status = ctorch_copy_out(tensor.handle, tensor.dtype.rawValue, memory.baseAddress, Int64(tensor.count))
            filled = status == 0 ? size : 0
        }
        try check("copy", status)
        return bytes
    }
}
