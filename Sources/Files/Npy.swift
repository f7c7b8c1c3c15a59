/// NumPy's array files, version 1.0, written in row-major order.
package enum Npy {
    /// Writes an array of floats.
    /// - Precondition: `values` fill the shape.
    /// - Throws: `FileError`.
    package static func write(_ values: [Float], shape: [Int], to path: String) throws(FileError) {
        try write(values, type: "<f4", shape: shape, to: path)
    }

    /// Writes an array of integers.
    /// - Precondition: `values` fill the shape.
    /// - Throws: `FileError`.
    package static func write(_ values: [Int64], shape: [Int], to path: String) throws(FileError) {
        try write(values, type: "<i8", shape: shape, to: path)
    }

    private static func write<Value: BitwiseCopyable>(
        _ values: [Value], type: String, shape: [Int], to path: String
    ) throws(FileError) {
        precondition(values.count == shape.reduce(1, *), "the values must fill the shape")
        let sizes = shape.map { "\($0)," }.joined(separator: " ")
        var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (\(sizes)), }"
        // The elements start at a multiple of 64 bytes, after the magic, the version, the length and the header's
        // newline.
        header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
        let length = UInt16(header.utf8.count)
        let start =
            [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(header.utf8)
        try AtomicFile.write(to: path) { (file: Int32) throws(FileError) in
            let written =
                start.withUnsafeBytes { writeAll($0, to: file) } && values.withUnsafeBytes { writeAll($0, to: file) }
            guard written else { throw FileError(path: path, failed: "cannot be written") }
        }
    }
}
