import Files
import Foundation

/// A file of PyTorch that cannot be used.
public struct PyTorchFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file.
    public var path: String
    /// What is wrong, in one line for the user.
    public var reason: String

    /// `path: reason`.
    public var description: String { "\(SystemPath.printable(path)): \(reason)" }
}

/// The tensors in a file of `torch.save`, in the zip format of PyTorch 1.6 and later or in the older one.
///
/// libtorch's own unpickler reads only the newer format, and before version 2 it trusts the file. This reader runs no
/// code: it knows the few classes of tensors and containers, and throws for any other name.
public struct PyTorchFile {
    /// The tensors in the order of the file, by their nested keys joined by full stops: `state_dict.conv1.weight`.
    public let tensors: [(key: String, tensor: StoredTensor)]
    /// Keys of tensors whose type is not supported, such as complex numbers.
    public let unsupported: [String]

    /// Whether bytes begin like such a file, which may still be truncated.
    public static func recognizes(_ data: Data) -> Bool {
        if data.starts(with: ZipDirectory.magic) { return true }
        return data.count > 2 && data[data.startIndex] == 0x80 && (1...5).contains(data[data.startIndex + 1])
    }

    /// Reads the names, types and shapes of the tensors; their elements are read on demand.
    /// - Parameters:
    ///   - data: the bytes, which may be mapped.
    ///   - path: the file's name in messages.
    /// - Throws: `PyTorchFileError` if it is truncated or invalid, or holds anything other than data.
    public init(_ data: Data, path: String) throws(PyTorchFileError) {
        do throws(Refusal) {
            let (pickle, storages) =
                data.starts(with: ZipDirectory.magic)
                ? try PyTorchFile.archive(data) : try PyTorchFile.legacy(data)
            var found = Found()
            try found.walk(pickle, pickle.result, key: "", depth: 0, storages)
            guard !found.tensors.isEmpty else { throw Refusal("holds no tensors under names") }
            (tensors, unsupported) = (found.tensors, found.unsupported)
        } catch {
            throw PyTorchFileError(path: path, reason: error.reason)
        }
    }

    private typealias Storages = (Pickle.Storage) throws(Refusal) -> Data

    /// The zip format: `NAME/data.pkl`, and the storages in `NAME/data/KEY`.
    private static func archive(_ data: Data) throws(Refusal) -> (Pickle, Storages) {
        let entries = try ZipDirectory(data).entries
        guard let main = entries.first(where: { $0.key.hasSuffix("/data.pkl") || $0.key == "data.pkl" }) else {
            throw Refusal("is a zip archive without data.pkl, so it is not from PyTorch")
        }
        let root = main.key.dropLast("data.pkl".count)
        if let order = entries["\(root)byteorder"], order.elementsEqual("big".utf8) {
            throw Refusal("was written on a machine of the other byte order")
        }
        let pickle = try main.value.readingBytes { bytes throws(Refusal) in
            var reader = ByteReader(bytes)
            return try Pickle(&reader)
        }
        return (
            pickle,
            { storage throws(Refusal) in
                guard let bytes = entries["\(root)data/\(storage.key)"] else {
                    throw Refusal("lacks the elements of storage \(storage.key.prefix(40))")
                }
                return bytes
            }
        )
    }

    /// The format before PyTorch 1.6: pickles of a magic number, a version, the machine, the object and the storages'
    /// keys; then the storages, each after its count of elements.
    private static func legacy(_ data: Data) throws(Refusal) -> (Pickle, Storages) {
        let (pickle, places) = try data.readingBytes { bytes throws(Refusal) in
            var reader = ByteReader(bytes)
            let magic: [UInt8] = [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
            guard bytes.count > 14, bytes[2..<14].elementsEqual(magic) else {
                throw Refusal("is a pickle, but not one of torch.save")
            }
            for _ in 0..<3 { _ = try Pickle(&reader) }
            let main = try Pickle(&reader)
            let keys = try Pickle(&reader)
            var sizes: [String: Int] = [:]
            for value in main.values {
                if case .storage(let storage) = value { sizes[storage.key] = storage.size }
            }
            guard case .list(let items) = keys[keys.result] else { throw .cutShort }
            var places: [String: Range<Int>] = [:]
            for item in items {
                guard case .text(let key) = keys[item], let size = sizes[key] else { throw .cutShort }
                let count = try reader.count(UInt64.self)
                let (length, overflows) = count.multipliedReportingOverflow(by: size)
                guard !overflows else { throw .cutShort }
                let start = reader.position
                _ = try reader.take(length)
                places[key] = start..<reader.position
            }
            return (main, places)
        }
        return (
            pickle,
            { storage throws(Refusal) in
                guard let place = places[storage.key] else {
                    throw Refusal("lacks the elements of storage \(storage.key.prefix(40))")
                }
                return data[data.startIndex + place.lowerBound..<data.startIndex + place.upperBound]
            }
        )
    }

    /// The tensors under the keys of nested mappings.
    private struct Found {
        var tensors: [(key: String, tensor: StoredTensor)] = []
        var unsupported: [String] = []
        private var visited = 0

        mutating func walk(
            _ pickle: Pickle, _ index: Int, key: String, depth: Int, _ storages: Storages
        ) throws(Refusal) {
            visited += 1
            // Mappings that contain each other many times would never end.
            guard visited <= 300_000, key.utf8.count <= 512 else { throw Refusal("has too many nested names") }
            switch pickle[index] {
            case .tensor(let view):
                guard let dtype = view.storage.dtype else { return unsupported.append(key) }
                do throws(Refusal) {
                    tensors.append(
                        (
                            key,
                            try StoredTensor(
                                shape: view.shape, strides: view.strides, offset: view.offset, dtype: dtype,
                                storage: try storages(view.storage))
                        ))
                } catch {
                    throw Refusal("\(key): \(error.reason)")
                }
            case .mapping(let entries) where depth < 8:
                for entry in entries {
                    let name: String
                    switch pickle[entry.key] {
                    case .text(let text): name = text
                    case .number(let number): name = "\(number)"
                    default: continue
                    }
                    try walk(
                        pickle, entry.value, key: key.isEmpty ? name : "\(key).\(name)", depth: depth + 1, storages)
                }
            default: break
            }
        }
    }
}
