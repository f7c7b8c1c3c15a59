import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Classifier files")
struct ClassifierFileTests {
    private let place: TemporaryFolder
    private let folder: RunFolder

    init() throws {
        place = try TemporaryFolder()
        folder = RunFolder("\(place.path)/run")
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    }

    private static let classes = ["a cat", "b,\"c\"", "naïve"]

    /// Writes the classifier of a network with random weights.
    @discardableResult
    private func write(_ encoder: String, size: Int) throws -> ClassifierFile {
        let text = """
            views: {branches: [{count: 1, size: \(size), steps: [resized_crop]}], evaluation: [resize, center_crop]}
            encoder: {\(encoder)}
            method: supervised
            """
        let experiment = try Experiments.read(text)
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, data: TrainingData(images: 9, classes: 3),
            generator: Generator(seed: 5))
        try ClassNames.text(Self.classes).write(toFile: folder.classes, atomically: true, encoding: .utf8)
        try ClassifierFile.write(#require(model as? SupervisedModel), experiment: experiment, to: folder)
        let file = try ClassifierFile(folder.path)
        let images = try Fixture.images([size, size])
        let wanted = try withoutGradients { () throws(TorchError) in try model.encoder(images, training: false) }
        let scores = try #require(model as? SupervisedModel).classifier(wanted).softmax(dim: 1)
        let found = try withoutGradients { () throws(TorchError) in try file.classifier.forInference()(images) }
        #expect(found.shape == [2, 3] && file.classes == Self.classes)
        #expect(try difference(found.to(.float64), [scores.to(.float64).toArray()]) < 1e-5)
        return file
    }

    static let networks = [
        ("resnet18: {width: 4}", 32, "fc"), ("mobilenet_v2: {width_mult: 0.25}", 32, "classifier.1"),
        ("convnext_tiny: {width: 4}", 32, "classifier.2"), ("convnet: {width: 4}", 16, "fc"),
        ("vit: {image_size: 16, patch: 4, width: 12, depth: 2, heads: 3}", 16, "head"),
    ]

    @Test(arguments: networks) func theWholeNetworkHasTheKeysOfTheField(encoder: String, size: Int, key: String) throws
    {
        let file = try write(encoder, size: size)
        let keys = try Safetensors(contentsOf: file.path).tensors.keys
        #expect(keys.contains("\(key).weight") && keys.contains("\(key).bias"))
        #expect(ClassifierFile.recognizes(file.path))
        // It is also an encoder, whose classifier is left out.
        #expect(try EncoderFile(file.path).encoder.stateDict.keys.count == keys.count - 2)
    }

    @Test(arguments: networks) func theONNXFileGivesProbabilities(encoder: String, size: Int, key: String) throws {
        let file = try write(encoder, size: size)
        let path = "\(place.path)/classifier.onnx"
        #expect(try ONNXFile.write(file, to: path) < ONNXFile.tolerance)
        let model = try ONNXProtoModel(serializedBytes: Data(contentsOf: URL(fileURLWithPath: path)))
        #expect(model.graph.output.map(\.name) == ["probabilities"])
        let names = model.metadataProps.first { $0.key == "classes" }?.value
        #expect(try JSONDecoder().decode([String].self, from: Data(#require(names).utf8)) == Self.classes)
    }

    @Test(.enabled(if: Python.finds("torchvision", "safetensors"), "python3 has no torchvision and safetensors"))
    func torchvisionLoadsItStrictly() throws {
        for (encoder, name) in [("resnet18: {}", "resnet18"), ("mobilenet_v2: {}", "mobilenet_v2")] {
            let file = try write(encoder, size: 32)
            let script = """
                import sys, torchvision
                from safetensors.torch import load_file
                model = getattr(torchvision.models, sys.argv[2])(num_classes=3)
                model.load_state_dict(load_file(sys.argv[1]), strict=True)
                """
            let result = try Python.run(script, file.path, name)
            #expect(result.status == 0, "\(result.output)")
        }
    }

    @Test func whatIsNoClassifierIsRefusedByName() throws {
        let file = try write("convnet: {width: 4}", size: 16)
        func refusal(_ path: String) -> String? {
            #expect(throws: TrainingError.self) { try ClassifierFile(path) }?.reason
        }
        #expect(refusal("\(place.path)/absent")?.contains("there is no such file or run folder") == true)
        try FileManager.default.createDirectory(atPath: "\(place.path)/empty", withIntermediateDirectories: true)
        #expect(
            refusal("\(place.path)/empty")?.contains("classifier.safetensors: is not there; diptych finetune") == true)
        let whole = try Data(contentsOf: URL(fileURLWithPath: file.path))
        let (half, other) = ("\(place.path)/half.safetensors", "\(place.path)/other.safetensors")
        try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: half))
        #expect(refusal(half)?.contains("is not a classifier") == true)
        var state = try Safetensors(contentsOf: file.path)
        state.metadata["classes"] = "[\"a\", \"b\"]"
        try state.write(to: other)
        #expect(refusal(other)?.contains("does not fit convnet with 2 classes: mismatched fc.bias") == true)
    }
}

@Suite("Ranking")
struct RankingTests {
    @Test func theBestClassesComeFirst() throws {
        let rows = try Tensor([0.1, 0.4, 0.1, 0.4, 0.0, 1.0, 0.0, 0.0], shape: [2, 4]).to(.float32)
        let ranked = try Ranking(rows, best: 3).rows.map { $0.map(\.label) }
        #expect(ranked == [[1, 3, 0], [1, 0, 2]])
        #expect(try Ranking(rows, best: 1).rows.map { $0.map(\.probability) } == [[0.4], [1]])
    }
}
