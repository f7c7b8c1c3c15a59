import Foundation
import Testing

@testable import Torch

/// A file that must be refused, by what is wrong with it.
struct HostileFile: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    /// A part of the reason that the user reads.
    let reason: String

    init(_ what: String, _ bytes: [UInt8], _ reason: String) {
        testDescription = what
        self.bytes = bytes
        self.reason = reason
    }

    /// A header of its true length, and some bytes behind it.
    init(_ what: String, _ header: String, body: Int = 0, _ reason: String) {
        self.init(
            what, HostileFile.length(UInt64(header.utf8.count)) + Array(header.utf8) + Array(repeating: 1, count: body),
            reason)
    }

    static func length(_ length: UInt64) -> [UInt8] { withUnsafeBytes(of: length.littleEndian) { Array($0) } }

    static func entry(_ shape: String, _ offsets: String, type: String = "F32") -> String {
        #"{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}"#
    }

    static let all: [HostileFile] = [
        HostileFile("empty", [], "only 0 bytes"),
        HostileFile("seven bytes", Array(repeating: 0, count: 7), "only 7 bytes"),
        HostileFile("header past the end", length(100) + Array("{}".utf8), "should have 100 bytes"),
        HostileFile(
            "header of 2^63 bytes", length(1 << 63) + Array("{}".utf8), "should have 9223372036854775808 bytes"),
        HostileFile("header of 2^64 - 1 bytes", length(.max) + Array("{}".utf8), "should have"),
        HostileFile("no header", length(0), "not a JSON object"),
        HostileFile("no JSON", "{nonsense", "not a JSON object"),
        HostileFile("no UTF-8", length(4) + [0x7B, 0xFF, 0xFE, 0x7D], "not a JSON object"),
        HostileFile("a list", "[1, 2]", "not a JSON object"),
        HostileFile("deeply nested", String(repeating: "[", count: 100_000), "not a JSON object"),
        HostileFile("a picture", Array("\u{89}PNG\r\n\u{1A}\n0000000000".utf8), "should have"),
        HostileFile("an entry that is no object", #"{"a": 3}"#, "a: has no dtype, shape and data_offsets"),
        HostileFile("an entry without offsets", #"{"a": {"dtype": "F32", "shape": []}}"#, "a: has no dtype"),
        HostileFile("one offset", "{\"a\":\(entry("[1]", "[0]"))}", body: 4, "a: has no dtype"),
        HostileFile("offsets that are no integers", "{\"a\":\(entry("[1]", "[0, 4.5]"))}", body: 4, "a: has no dtype"),
        HostileFile("offsets past Int", "{\"a\":\(entry("[1]", "[0, 1e30]"))}", body: 4, "a: has no dtype"),
        HostileFile("a shape of words", "{\"a\":\(entry("[\"1\"]", "[0, 4]"))}", body: 4, "a: has no dtype"),
        HostileFile("an unknown type", "{\"a\":\(entry("[1]", "[0, 4]", type: "F8"))}", body: 4, "has the type F8"),
        HostileFile(
            "too short for its shape", "{\"a\":\(entry("[2]", "[0, 4]"))}", body: 4, "do not hold the shape [2]"),
        HostileFile(
            "too long for its shape", "{\"a\":\(entry("[1]", "[0, 8]"))}", body: 8, "do not hold the shape [1]"),
        HostileFile("offsets past the end", "{\"a\":\(entry("[2]", "[0, 8]"))}", body: 4, "do not hold the shape [2]"),
        HostileFile("cut short by a byte", "{\"a\":\(entry("[1]", "[0, 4]"))}", body: 3, "do not hold the shape [1]"),
        HostileFile("bytes left over", "{\"a\":\(entry("[1]", "[0, 4]"))}", body: 5, "has 5 bytes of tensors"),
        HostileFile("negative offsets", "{\"a\":\(entry("[1]", "[-4, 0]"))}", body: 4, "do not hold the shape [1]"),
        HostileFile("offsets reversed", "{\"a\":\(entry("[1]", "[4, 0]"))}", body: 4, "do not hold the shape [1]"),
        HostileFile("a negative extent", "{\"a\":\(entry("[-1]", "[0, 4]"))}", body: 4, "impossible shape"),
        HostileFile("two negative extents", "{\"a\":\(entry("[-1, -1]", "[0, 4]"))}", body: 4, "impossible shape"),
        HostileFile(
            "a product past Int", "{\"a\":\(entry("[4294967296, 4294967296, 4]", "[0, 4]"))}", body: 4,
            "impossible shape"),
        HostileFile(
            "a product that wraps round to 4", "{\"a\":\(entry("[4611686018427387905]", "[0, 4]"))}", body: 4,
            "impossible shape"),
        HostileFile(
            "overlapping", "{\"a\":\(entry("[2]", "[0, 8]")),\"b\":\(entry("[2]", "[4, 12]"))}", body: 12,
            "overlap or leave gaps"),
        HostileFile(
            "the same bytes twice", "{\"a\":\(entry("[1]", "[0, 4]")),\"b\":\(entry("[1]", "[0, 4]"))}", body: 4,
            "overlap or leave gaps"),
        HostileFile(
            "a gap", "{\"a\":\(entry("[1]", "[0, 4]")),\"b\":\(entry("[1]", "[8, 12]"))}", body: 12,
            "overlap or leave gaps"),
        HostileFile(
            "a name twice", "{\"a\":\(entry("[1]", "[0, 4]")),\"a\":\(entry("[1]", "[4, 8]"))}", body: 8, ""),
        HostileFile("metadata that is not text", #"{"__metadata__": {"a": 1}}"#, "metadata that is not text"),
    ]
}

@Suite("Hostile safetensors")
struct HostileSafetensorsTests {
    @Test(arguments: HostileFile.all) func areRefusedInWords(file: HostileFile) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/x.safetensors"
        try Data(file.bytes).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: SafetensorsError.self) { try Safetensors(contentsOf: path) }
        #expect(error?.path == path)
        #expect(file.reason.isEmpty || error?.reason.contains(file.reason) == true, "\(error?.reason ?? "")")
    }

    @Test(
        "Extents without elements are no reason to fail, or to take memory",
        arguments: ["[0, 1152921504606846976]", "[1152921504606846976, 0]"])
    func hugeEmptyShapes(shape: String) throws {
        let folder = try TemporaryFolder()
        let header = "{\"a\":\(HostileFile.entry(shape, "[0, 0]"))}"
        try Data(HostileFile.length(UInt64(header.utf8.count)) + Array(header.utf8))
            .write(to: URL(fileURLWithPath: "\(folder.path)/x"))
        #expect(try Safetensors(contentsOf: "\(folder.path)/x").tensors["a"]?.count == 0)
    }

    @Test("A file cut anywhere is refused") func cutAnywhere() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/x.safetensors"
        try Safetensors(tensors: ["a": Tensor.ones([3]), "b": Tensor.ones([2], dtype: .int64)], metadata: ["x": "y"])
            .write(to: path)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        for length in 0..<data.count {
            try data.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(throws: SafetensorsError.self, "\(length) bytes") { try Safetensors(contentsOf: path) }
        }
    }

    @Test("A file with any byte changed is read or refused, never worse") func anyByteChanged() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/x.safetensors"
        try Safetensors(tensors: ["a": Tensor.ones([3]), "b": Tensor.ones([2], dtype: .bool)]).write(to: path)
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        var read = 0
        for place in data.indices {
            for bits: UInt8 in [0x01, 0x10, 0x80, 0xFF] {
                var changed = data
                changed[place] ^= bits
                try changed.write(to: URL(fileURLWithPath: path))
                if let file = try? Safetensors(contentsOf: path) {
                    for tensor in file.tensors.values { _ = try tensor.toArray(Double.self) }
                    read += 1
                }
            }
        }
        // Changed elements are still elements.
        #expect(read >= 4 * 12)
    }

    @Test(arguments: ["/nonexistent/x.safetensors", "/"]) func whatIsNoFile(path: String) {
        let error = #expect(throws: SafetensorsError.self) { try Safetensors(contentsOf: path) }
        #expect(error?.reason.hasPrefix("cannot be read") == true)
    }
}
