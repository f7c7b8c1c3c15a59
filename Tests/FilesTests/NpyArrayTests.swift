import Files
import Foundation
import Testing

@Suite("Reading .npy")
struct NpyArrayTests {
    private let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).npy").path

    /// A file as NumPy writes it: magic, version, length of the header, header, elements.
    private func read(_ header: String, _ body: [UInt8], version: UInt8 = 1) throws -> NpyArray {
        let length = header.utf8.count
        let size = [UInt8(length & 0xFF), UInt8(length >> 8)] + (version > 1 ? [0, 0] : [])
        let bytes = [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + body
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        defer { unlink(path) }
        return try NpyArray(contentsOf: path)
    }

    @Test func readsWhatIsWritten() throws {
        defer { unlink(path) }
        try Npy.write([1, 2.5, -3, 4, 5, 6], shape: [2, 3], to: path)
        let floats = try NpyArray(contentsOf: path)
        #expect(floats.shape == [2, 3] && floats.elements == .floats([1, 2.5, -3, 4, 5, 6]))
        try Npy.write([Int64.min, 7], shape: [2], to: path)
        #expect(try NpyArray(contentsOf: path).elements == .integers([.min, 7]))
    }

    @Test func readsOtherTypesAndOrders() throws {
        // 1.0, -2.0, 2^-24 (the smallest subnormal), infinity as float16.
        let half: [UInt8] = [0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00, 0x00, 0x7C]
        #expect(
            try read("{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }", half).elements
                == .floats([1, -2, 0x1p-24, .infinity]))
        #expect(
            try read("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }", [0xFF, 0xFE, 0x01, 0x00]).elements
                == .integers([-2, 256]))
        #expect(
            try read("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", [1, 2, 3, 4, 5, 6], version: 2)
                .elements == .integers([1, 3, 5, 2, 4, 6]))
        let double = withUnsafeBytes(of: (0.5).bitPattern.bigEndian) { Array($0) }
        #expect(
            try read("{'descr': '>f8', 'fortran_order': False, 'shape': (), }", double).elements == .floats([0.5]))
    }

    @Test(arguments: [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }",
        "{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "{'descr': '<f4', 'shape': (1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 2), }",
    ])
    func damagedHeadersAreErrors(header: String) throws {
        #expect(throws: FileError.self) { try read(header, [0, 0, 0, 0]) }
    }
}
