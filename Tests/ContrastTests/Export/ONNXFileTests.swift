import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("ONNX files")
struct ONNXFileTests {
    /// An encoder file with weights and running statistics that are not those of the beginning.
    private func file(_ encoder: String, size: Int, in place: TemporaryFolder) throws -> EncoderFile {
        let text = """
            views: {branches: [{count: 2, size: \(size), steps: [resized_crop]}], evaluation: [resize, center_crop]}
            encoder: {\(encoder)}
            """
        let experiment = try ConfigurationReader(file: "test", text: text).read(Experiment.self)
        let network = try experiment.encoder.component.build(generator: Generator(seed: 2))
        let noise = try Generator(seed: 3)
        for (key, value) in network.stateDict.sorted(by: { $0.key < $1.key }) {
            if key.hasSuffix("running_var") { try value.copy(from: noise.uniform(value.shape, 0.5, 1.5)) }
            if key.hasSuffix("running_mean") { try value.copy(from: noise.uniform(value.shape, -0.2, 0.2)) }
        }
        let path = "\(place.path)/encoder.safetensors"
        let notes = ["configuration": try ConfigurationWriter.yaml(experiment)]
        try Safetensors(tensors: network.stateDict, metadata: notes).write(to: path)
        return try EncoderFile(path)
    }

    static let encoders = [
        ("resnet18: {width: 8, stem: small}", 32), ("resnet18: {width: 4}", 64), ("resnet50: {width: 4}", 64),
        ("resnet101: {width: 4}", 32), ("wide_resnet50_2: {width: 4}", 32),
        ("mobilenet_v2: {width_mult: 0.25}", 64), ("mobilenet_v2: {width_mult: 0.1, stem: small}", 32),
        ("convnet: {width: 4}", 16), ("vit: {image_size: 16, patch: 4, width: 12, depth: 2, heads: 3}", 16),
        ("convnext_tiny: {width: 4, layer_scale: 0.5}", 32),
        ("vit: {image_size: 16, patch: 4, width: 12, depth: 2, heads: 3, registers: 2, layer_scale: 0.5}", 16),
        ("vit: {image_size: 16, patch: 4, width: 8, depth: 1, heads: 2, pool: mean, registers: 3}", 16),
        ("vit: {image_size: 16, patch: 8, width: 8, depth: 1, heads: 2, pool: mean, position: sin_cos}", 16),
    ]

    @Test(arguments: encoders) func featuresAreTheEncoders(encoder: String, size: Int) throws {
        let place = try TemporaryFolder()
        let path = "\(place.path)/encoder.onnx"
        #expect(try ONNXFile.write(file(encoder, size: size, in: place), to: path) < ONNXFile.tolerance)
        #expect(FileManager.default.fileExists(atPath: path))
    }

    /// A wrong weight is seen by the check: the interpreter reads the file, not the encoder.
    @Test func theCheckReadsWhatWasWritten() throws {
        let place = try TemporaryFolder()
        let encoder = try file("convnet: {width: 4}", size: 16, in: place).encoder
        let network = try #require(encoder as? any ONNXExportable)
        var graph = try ONNXGraph(network.stateDict)
        let last = try network.addNodes(to: &graph, images: "images")
        var proto = ONNXProtoGraph()
        proto.node = graph.nodes + [.with { ($0.opType, $0.input, $0.output) = ("Identity", [last], ["features"]) }]
        proto.initializer = graph.initializers
        let images = try Generator(seed: 4).normal([2, 3, 16, 16], std: 1)
        func difference() throws -> Double {
            let found: [Double] = try ONNXInterpreter(proto).run(images: images).to(.float64).toArray()
            let wanted: [Double] = try encoder(images, training: false).detach().to(.float64).toArray()
            return zip(found, wanted).reduce(0) { max($0, abs($1.0 - $1.1)) }
        }
        #expect(try difference() < 1e-4)
        let place0 = try #require(proto.initializer.firstIndex { $0.name == "norms.0.bias" })
        proto.initializer[place0].rawData[3] = 0x40
        #expect(try difference() > 1e-3)
    }

    @Test(
        .enabled(if: Python.finds("onnxruntime", "onnx", "numpy"), "python3 has no onnxruntime, onnx and numpy"),
        arguments: encoders)
    func oNNXRuntimeGivesTheSameFeatures(encoder: String, size: Int) throws {
        let place = try TemporaryFolder()
        let source = try file(encoder, size: size, in: place)
        try ONNXFile.write(source, to: "\(place.path)/encoder.onnx")
        let images = try Generator(seed: 5).normal([3, 3, size, size], std: 1)
        let features = try withoutGradients { () throws(TorchError) in try source.encoder(images, training: false) }
        try Safetensors(tensors: ["images": images, "features": features]).write(to: "\(place.path)/pair.safetensors")
        let script = """
            import json, struct, sys
            import numpy as np, onnx, onnxruntime
            folder = sys.argv[1]
            model = onnx.load(folder + "/encoder.onnx")
            onnx.checker.check_model(model)
            facts = {entry.key: entry.value for entry in model.metadata_props}
            assert len(facts["mean"].split()) == 3 and facts["input_size"] == sys.argv[2] + " " + sys.argv[2], facts
            data = open(folder + "/pair.safetensors", "rb").read()
            length = struct.unpack("<Q", data[:8])[0]
            header = json.loads(data[8:8 + length])
            def read(name):
                start, end = header[name]["data_offsets"]
                return np.frombuffer(data[8 + length + start:8 + length + end], np.float32).reshape(header[name]["shape"])
            session = onnxruntime.InferenceSession(folder + "/encoder.onnx", providers=["CPUExecutionProvider"])
            found = session.run(["features"], {"images": read("images")})[0]
            wanted = read("features")
            assert np.abs(wanted).max() > 1e-3, wanted
            assert found.shape == wanted.shape, (found.shape, wanted.shape)
            worst = np.abs(found - wanted).max() / np.abs(wanted).max()
            assert worst < 1e-4, worst
            """
        let result = try Python.run(script, place.path, "\(size)")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func safetensorsAreReadBack() throws {
        let place = try TemporaryFolder()
        let source = try file("convnet: {width: 4}", size: 16, in: place)
        try source.write(to: "\(place.path)/out.safetensors")
        let again = try EncoderFile("\(place.path)/out.safetensors")
        for (key, value) in source.encoder.stateDict {
            let other = try #require(again.encoder.stateDict[key])
            #expect(try value.detach().to(.float64).toArray(Double.self) == other.detach().to(.float64).toArray())
        }
    }
}
