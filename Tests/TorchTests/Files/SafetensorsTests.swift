import Foundation
import Testing

@testable import Torch

@Suite("Safetensors")
struct SafetensorsTests {
    /// A file that Python's safetensors wrote.
    private let reference = "\(testFolder)/../ContrastTests/Fixtures/torchvision_state.safetensors"

    /// The header as JSON and the bytes behind it.
    private func parts(_ path: String) throws -> (header: [String: Any], body: Data) {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let length = data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
        let header = try JSONSerialization.jsonObject(with: data.subdata(in: 8..<8 + length)) as? [String: Any]
        return (try #require(header), data.subdata(in: 8 + length..<data.count))
    }

    @Test func readsWhatPythonWrote() throws {
        let file = try Safetensors(contentsOf: reference)
        #expect(file.tensors.count == 122)
        #expect(file.metadata == ["format": "pt"])
        #expect(file.tensors["conv1.weight"]?.shape == [8, 3, 3, 3])
        let count = try #require(file.tensors["bn1.num_batches_tracked"])
        #expect(count.dtype == .int64 && count.shape == [])
        #expect(try count.item() == 4)
        // Every tensor's bytes are those between its offsets.
        let (header, body) = try parts(reference)
        for (name, tensor) in file.tensors {
            let entry = try #require(header[name] as? [String: Any])
            let offsets = try #require(entry["data_offsets"] as? [Int])
            #expect(entry["shape"] as? [Int] == tensor.shape)
            let bytes = body.subdata(in: offsets[0]..<offsets[1])
            if tensor.dtype == .float32 {
                let values = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
                #expect(try tensor.toArray() == values, "\(name)")
            }
        }
    }

    @Test func writesTheSameBytesAsPythonDoes() throws {
        let folder = try TemporaryFolder()
        let file = try Safetensors(contentsOf: reference)
        try file.write(to: "\(folder.path)/again.safetensors")
        let (ours, theirs) = (try parts("\(folder.path)/again.safetensors"), try parts(reference))
        #expect(ours.body == theirs.body)
        #expect(NSDictionary(dictionary: ours.header) == NSDictionary(dictionary: theirs.header))
        // The elements begin at a multiple of 8, for readers that map the file.
        let size = try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/again.safetensors")).count
        #expect((size - ours.body.count) % 8 == 0)
    }

    @Test(arguments: DType.allCases) func everyTypeComesBack(dtype: DType) throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/x.safetensors"
        let values: [Double] = dtype == .bool ? [0, 1, 1, 0, 1, 0] : [0, 1, 2, 100, 127, 64]
        let tensors = [
            "matrix": try Tensor(values, shape: [2, 3]).to(dtype), "scalar": try Tensor.full([], 1, dtype: dtype),
            "empty": try Tensor.zeros([0, 4], dtype: dtype),
            // Not in row-major order in memory.
            "turned": try Tensor(values, shape: [2, 3]).to(dtype).transpose(0, 1),
        ]
        try Safetensors(tensors: tensors, metadata: ["note": "ä \"quoted\"\n/"]).write(to: path)
        let file = try Safetensors(contentsOf: path)
        #expect(file.metadata == ["note": "ä \"quoted\"\n/"])
        #expect(file.tensors.keys.sorted() == tensors.keys.sorted())
        for (name, tensor) in tensors {
            let found = try #require(file.tensors[name])
            #expect(found.dtype == dtype && found.shape == tensor.shape)
            #expect(try found.toArray(Double.self) == tensor.toArray(Double.self))
        }
    }

    @Test func trainedAndChannelsLastTensorsComeBack() throws {
        let folder = try TemporaryFolder()
        let grid = Grid([2, 3, 4, 5], stream: 81)
        let tensor = try grid.tensor().channelsLast()
        try tensor.setRequiresGrad()
        try Safetensors(tensors: ["w": tensor]).write(to: "\(folder.path)/x")
        let found = try #require(try Safetensors(contentsOf: "\(folder.path)/x").tensors["w"])
        try expectEqual(found, grid, tolerance: 0)
        #expect(!found.requiresGrad)
    }

    @Test func specialNumbersComeBackBitForBit() throws {
        let folder = try TemporaryFolder()
        let values: [Float] = [
            .nan, .infinity, -.infinity, -0.0, .leastNonzeroMagnitude, Float(bitPattern: 0x7FA0_1234),
        ]
        try Safetensors(tensors: ["x": Tensor(values, shape: [6])]).write(to: "\(folder.path)/x")
        let found: [Float] = try #require(try Safetensors(contentsOf: "\(folder.path)/x").tensors["x"]).toArray()
        #expect(found.map(\.bitPattern) == values.map(\.bitPattern))
    }

    @Test func anEmptyFileOfTensorsIsOne() throws {
        let folder = try TemporaryFolder()
        try Safetensors(tensors: [:]).write(to: "\(folder.path)/x")
        #expect(try Safetensors(contentsOf: "\(folder.path)/x").tensors.isEmpty)
    }

    @Test(
        "Python's safetensors reads what is written",
        .enabled(if: Python.has("safetensors, numpy"), "python3 has no safetensors and numpy"))
    func pythonReadsIt() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/x.safetensors"
        try Safetensors(
            tensors: [
                "f32": Tensor([Float(1.5), -2], shape: [2, 1]), "f64": Tensor([0.1], shape: []),
                "i64": Tensor([Int64.min], shape: [1]), "u8": Tensor([UInt8(1), 2, 255], shape: [3]),
                "f16": Tensor([0.5, 65504], shape: [2]).to(.float16), "i32": Tensor([-7.0], shape: [1]).to(.int32),
                "bool": Tensor([1.0, 0], shape: [2]).to(.bool), "empty": Tensor.zeros([0, 3]),
            ], metadata: ["format": "pt"]
        ).write(to: path)
        let script = """
            import sys, numpy as np
            from safetensors import safe_open
            with safe_open(sys.argv[1], "np") as file:
                assert file.metadata() == {"format": "pt"}
                for name in sorted(file.keys()):
                    value = file.get_tensor(name)
                    print(name, value.dtype, value.shape, value.ravel().tolist())
            """
        let (status, output) = try Python.run(script, path)
        #expect(status == 0, "\(output)")
        let wanted = """
            bool bool (2,) [True, False]
            empty float32 (0, 3) []
            f16 float16 (2,) [0.5, 65504.0]
            f32 float32 (2, 1) [1.5, -2.0]
            f64 float64 () [0.1]
            i32 int32 (1,) [-7]
            i64 int64 (1,) [-9223372036854775808]
            u8 uint8 (3,) [1, 2, 255]

            """
        #expect(output == wanted)
    }
}
