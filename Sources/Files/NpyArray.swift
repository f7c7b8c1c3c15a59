/// An array from one of NumPy's files: its shape, and its elements as floats or integers in row-major order.
public struct NpyArray: Equatable, Sendable {
    /// The elements.
    public enum Elements: Equatable, Sendable {
        /// From float16 and float32, and from float64, rounded.
        case floats([Float])
        /// From signed and unsigned integers and booleans; unsigned ones above 2^63 wrap.
        case integers([Int64])
    }

    /// NumPy's name for the type in the file, as in `<f4`.
    public var type: String
    /// The shape.
    public var shape: [Int]
    /// The elements.
    public var elements: Elements

    /// Reads a file of version 1, 2 or 3, little or big endian, row-major or column-major (rank 2 at most).
    /// - Throws: `FileError` if it cannot be read, is truncated, or holds something other than numbers.
    public init(contentsOf path: String) throws(FileError) {
        guard StoredFile.exists(path) else { throw FileError(path: path, reason: "there is no such file") }
        let data = try StoredFile.read(path)
        let header = try NpyHeader(data, path: path)
        let count = try header.count(path: path)
        guard data.count - header.length >= count * header.width else {
            throw FileError(
                path: path,
                reason: "is cut short: \(header.shape) of \(header.type) take \(count * header.width) bytes, there are "
                    + "\(data.count - header.length)")
        }
        type = header.type
        shape = header.shape
        let columns = header.isColumnMajor && shape.count == 2 ? shape[1] : 1
        guard !header.isColumnMajor || shape.count <= 2 else {
            throw FileError(path: path, reason: "is column-major of rank \(shape.count); save np.ascontiguousarray(x)")
        }
        let rows = columns > 1 ? shape[0] : 1
        elements = data.withUnsafeBytes { bytes in
            let body = UnsafeRawBufferPointer(rebasing: bytes[header.length...])
            /// The position in the file of element `index` in row-major order.
            func position(_ index: Int) -> Int { columns > 1 ? index % columns * rows + index / columns : index }
            if header.kind == "f" {
                return .floats((0..<count).map { header.float(body, at: position($0)) })
            }
            return .integers((0..<count).map { header.integer(body, at: position($0)) })
        }
    }
}

/// The header of an .npy file: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` after magic and length.
private struct NpyHeader {
    var type: String
    var kind: Character
    var width: Int
    var isBigEndian: Bool
    var isColumnMajor: Bool
    var shape: [Int]
    /// Bytes before the first element.
    var length: Int

    init(_ data: Data, path: String) throws(FileError) {
        let start = [UInt8](data.prefix(12))
        guard start.count == 12, start.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
            throw FileError(path: path, reason: "is no .npy file; write it by numpy.save")
        }
        let isLong = start[6] > 1
        let size = Int(start[8]) | Int(start[9]) << 8 | (isLong ? Int(start[10]) << 16 | Int(start[11]) << 24 : 0)
        length = (isLong ? 12 : 10) + size
        guard (1...3).contains(start[6]), data.count >= length else {
            throw FileError(path: path, reason: "has a damaged .npy header")
        }
        let text = String(decoding: data.dropFirst(isLong ? 12 : 10).prefix(size), as: UTF8.self)
        func value(_ key: String) -> Substring? {
            guard let found = text.firstRange(of: "'\(key)'") else { return nil }
            return text[found.upperBound...].drop { $0 == ":" || $0 == " " }
        }
        guard let descr = value("descr"), let order = value("fortran_order"), let sizes = value("shape"),
            sizes.first == "(", let end = sizes.firstIndex(of: ")")
        else { throw FileError(path: path, reason: "has a damaged .npy header") }
        guard descr.first == "'" else {
            throw FileError(path: path, reason: "holds records with fields; save one plain array of numbers")
        }
        type = String(descr.dropFirst().prefix { $0 != "'" })
        isColumnMajor = order.hasPrefix("True")
        let parts = sizes[sizes.index(after: sizes.startIndex)..<end].split(separator: ",")
        let numbers = parts.map { Int($0.filter { $0 != " " && $0 != "\t" }) }
        shape = numbers.compactMap { $0 }
        guard shape.count == numbers.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw FileError(path: path, reason: "has a damaged .npy header")
        }
        isBigEndian = type.first == ">"
        kind = type.dropFirst().first ?? "?"
        width = Int(type.dropFirst(2)) ?? 0
        let known = kind == "f" ? [2, 4, 8].contains(width) : "iub".contains(kind) && [1, 2, 4, 8].contains(width)
        guard known else {
            throw FileError(path: path, reason: "holds elements of type \(type); save floats or integers")
        }
    }

    func count(path: String) throws(FileError) -> Int {
        var count = 1
        for size in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            guard !overflow, product < Int.max / 16 else {
                throw FileError(path: path, reason: "has an impossible shape \(shape)")
            }
            count = product
        }
        return count
    }

    func float(_ body: UnsafeRawBufferPointer, at position: Int) -> Float {
        switch width {
        case 2:
            // Float16 is not available on every processor.
            let bits = UInt32(load(body, position, UInt16.self))
            let sign: UInt32 = (bits & 0x8000) << 16
            let exponent: UInt32 = (bits >> 10) & 31
            let fraction: UInt32 = bits & 1023
            if exponent == 31 { return Float(bitPattern: sign | 0x7F80_0000 | (fraction << 13)) }
            let size =
                exponent == 0
                ? Float(fraction) * 0x1p-24 : Float(bitPattern: ((exponent + 112) << 23) | (fraction << 13))
            return sign == 0 ? size : -size
        case 4: return Float(bitPattern: load(body, position, UInt32.self))
        default: return Float(Double(bitPattern: load(body, position, UInt64.self)))
        }
    }

    func integer(_ body: UnsafeRawBufferPointer, at position: Int) -> Int64 {
        let isSigned = kind == "i"
        switch width {
        case 1:
            let bits = load(body, position, UInt8.self)
            return isSigned ? Int64(Int8(bitPattern: bits)) : Int64(bits)
        case 2:
            let bits = load(body, position, UInt16.self)
            return isSigned ? Int64(Int16(bitPattern: bits)) : Int64(bits)
        case 4:
            let bits = load(body, position, UInt32.self)
            return isSigned ? Int64(Int32(bitPattern: bits)) : Int64(bits)
        default: return Int64(bitPattern: load(body, position, UInt64.self))
        }
    }

    private func load<Bits: FixedWidthInteger>(_ body: UnsafeRawBufferPointer, _ position: Int, _: Bits.Type) -> Bits {
        let bits = body.loadUnaligned(fromByteOffset: position * width, as: Bits.self)
        return isBigEndian ? Bits(bigEndian: bits) : Bits(littleEndian: bits)
    }
}
