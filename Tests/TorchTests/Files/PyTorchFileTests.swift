import Foundation
import Testing

@testable import Torch

/// A pickle that means harm, by what it does.
struct HostilePickle: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    /// Whether it is harmless data all the same.
    let isRead: Bool

    init(_ what: String, _ bytes: [UInt8], isRead: Bool = false) {
        testDescription = what
        self.bytes = [0x80, 2] + bytes
        self.isRead = isRead
    }

    static let all = [
        HostilePickle("deep nesting", [0x4E] + Array(repeating: 0x85, count: 1_000_000) + [0x2E], isRead: true),
        HostilePickle("a list in itself", [0x5D, 0x71, 0, 0x68, 0, 0x61, 0x2E], isRead: true),
        HostilePickle("too many values", Array(repeating: 0x4E, count: 5_000_000) + [0x2E]),
        HostilePickle("an empty stack", [0x61, 0x2E]), HostilePickle("a missing mark", [0x4E, 0x74, 0x2E]),
        HostilePickle("a text of 4 GiB", [0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x2E]),
        HostilePickle("a text of 2^64 bytes", [0x8D] + Array(repeating: 0xFF, count: 8) + [0x2E]),
        HostilePickle(
            "a rebuilding that rebuilds itself",
            Array("ctorch._tensor\n_rebuild_from_type_v2\nq".utf8) + [0, 0x5D, 0x71, 1, 0x28, 0x68, 0, 0x4E, 0x68, 1]
                + [0x65, 0x52, 0x2E], isRead: true),
        HostilePickle(
            "a long list shared many times",
            Array("ctorch._utils\n_rebuild_parameter\nq".utf8) + [0, 0x28]
                + Array(repeating: 0x4E, count: 100_000) + [0x6C, 0x85, 0x71, 1]
                + Array(repeating: [0x68, 0, 0x68, 1, 0x52, 0x4E, 0x61] as [UInt8], count: 20_000).flatMap { $0 }
                + [0x2E], isRead: true),
        HostilePickle("no end", [0x4E]), HostilePickle("an old operation", [0x49, 0x31, 0x0A, 0x2E]),
    ]
}

@Suite("Files of torch.save")
struct PyTorchFileTests {
    private static let folder = "\(testFolder)/Fixtures/pytorch"

    static func bytes(_ name: String) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).pth"))
    }

    private func open(_ name: String) throws -> PyTorchFile {
        try PyTorchFile(PyTorchFileTests.bytes(name), path: "\(name).pth")
    }

    @Test(arguments: [("zip", ""), ("legacy", ""), ("protocol4", ""), ("nested", "state_dict.module.encoder_q.")])
    func readsAStateDict(name: String, prefix: String) throws {
        let file = try open(name)
        #expect(file.tensors.prefix(3).map(\.key) == ["weight", "bias", "num_batches_tracked"].map { prefix + $0 })
        let weight = file.tensors[0].tensor
        #expect(weight.shape == [2, 3, 2, 2] && weight.dtype == .float32)
        #expect(try weight.tensor().toArray() == (0..<24).map(Float.init))
        #expect(try file.tensors[1].tensor.tensor().toArray() == [Float(0), 1])
        #expect(try file.tensors[2].tensor.tensor().item() == 7)
        #expect(file.tensors.dropFirst(3).map(\.key) == (name == "nested" ? ["optimizer.state.0.exp_avg"] : []))
    }

    @Test func followsStrides() throws {
        let file = try open("strided")
        let found = try Dictionary(
            uniqueKeysWithValues: file.tensors.map { ($0.key, try $0.tensor.tensor().toArray(Float.self)) })
        #expect(found["channels_last"] == (0..<24).map(Float.init))
        let columns: [Float] = (0..<24).map { Float($0 / 4 + 6 * ($0 % 4)) }
        #expect(found["transposed"] == columns)
        #expect(found["part"] == [5, 6, 7, 8, 9, 10])
        #expect(found["every_other"] == (0..<12).map { Float(2 * $0) })
        #expect(found["empty"] == [])
        #expect(file.unsupported == ["complex"])
    }

    @Test func readsEveryType() throws {
        let file = try open("types")
        #expect(file.tensors.map(\.tensor.dtype) == [.float16, .bfloat16, .float64, .int64, .int32, .uint8, .bool])
        for (_, tensor) in file.tensors {
            #expect(try tensor.tensor().to(.float32).toArray() == [Float(0), 1, 1])
        }
    }

    @Test(arguments: [
        ("code", "posix.system"), ("code-legacy", "posix.system"), ("module", "torch.nn.modules.linear.Linear"),
        ("expanded", "weight: has a tensor of shape [1000]"), ("no-tensors", "holds no tensors"),
    ])
    func refusesWhatIsNoData(name: String, reason: String) throws {
        let error = #expect(throws: PyTorchFileError.self) { try open(name) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/diptych-was-here"))
    }

    @Test(arguments: ["zip", "legacy", "protocol4", "nested", "strided", "types"])
    func neverCrashesOnDamage(name: String) throws {
        let whole = try PyTorchFileTests.bytes(name)
        #expect(PyTorchFile.recognizes(whole))
        func read(_ data: Data) {
            guard let file = try? PyTorchFile(data, path: "x") else { return }
            for (_, tensor) in file.tensors { _ = try? tensor.tensor() }
        }
        for count in 0..<whole.count {
            let error = #expect(throws: PyTorchFileError.self) { try PyTorchFile(whole.prefix(count), path: "x") }
            #expect(error?.reason.isEmpty == false)
        }
        // Bytes of a fixed sequence of random numbers, one or several changed.
        var state: UInt64 = 1
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<1500 {
            var data = whole
            for _ in 0..<1 + random(4) { data[random(data.count)] = UInt8(random(256)) }
            read(data)
        }
    }

    @Test(arguments: HostilePickle.all)
    func runsHostilePrograms(program: HostilePickle) {
        let pickle = try? Data(program.bytes).readingBytes { bytes throws(Refusal) in
            var reader = ByteReader(bytes)
            return try Pickle(&reader)
        }
        #expect((pickle != nil) == program.isRead)
    }

    @Test func anEmptyTensorMayHaveAnyOtherExtents() throws {
        for shape in [[0], [0, 1 << 40, 1 << 40], [0, .max, .max]] {
            let strides = shape.map { _ in 0 }
            let tensor = try StoredTensor(shape: shape, strides: strides, offset: 0, dtype: .float32, storage: Data())
            #expect(tensor.count == 0)
        }
    }

    @Test func aDimensionOfOneElementMayHaveAnyStride() throws {
        let storage = [Float(0), 1, 2, 3].withUnsafeBytes { Data($0) }
        let tensor = try StoredTensor(
            shape: [2, 1, 2], strides: [1, .max, 2], offset: 0, dtype: .float32, storage: storage)
        #expect(try tensor.tensor().toArray() == [Float(0), 2, 1, 3])
    }

    @Test func refusesImpossibleShapes() {
        let storage = Data(count: 40)
        let cases: [(shape: [Int], strides: [Int], offset: Int)] = [
            ([11], [1], 0), ([10], [1], 1), ([-1], [1], 0), ([.min], [1], 0), ([1], [.min], 0), ([2], [-1], 5),
            ([2], [1], -1), ([2, 2], [1], 0),
            ([1 << 40, 1 << 40], [1, 1], 0), ([1 << 62, 4], [0, 0], 0), ([3], [1 << 62], 0),
            ([2], [.max], 1), ([20], [0], 0),
        ]
        for (shape, strides, offset) in cases {
            #expect(throws: Refusal.self, "\(shape) \(strides) \(offset)") {
                try StoredTensor(shape: shape, strides: strides, offset: offset, dtype: .float32, storage: storage)
            }
        }
    }
}
