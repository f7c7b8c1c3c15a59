import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Encoder files")
struct EncoderFileTests {
    private let home: TemporaryFolder
    private var folder: RunFolder { RunFolder("\(home.path)/run") }

    private func experiment(_ encoder: String) throws -> Experiment {
        try ConfigurationReader(file: "test", text: "encoder: {\(encoder)}").read(Experiment.self)
    }

    /// Writes an encoder with running statistics that are not the initial ones.
    private func write(_ text: String) throws -> any Encoder {
        let model = try SimCLR().build(encoder: architecture(text), generator: Generator(seed: 1))
        _ = try withoutGradients { try model.encoder(Fixture.images([32, 32]), training: true) }
        try EncoderFile.write(model, experiment: experiment(text), epochs: 3, to: folder)
        return model.encoder
    }

    init() throws { home = try TemporaryFolder() }

    @Test func comeBackWithAllThatIsNeeded() throws {
        let text = "resnet18: {stem: small, width: 4}"
        let encoder = try write(text)
        let wanted: [Double] = try withoutGradients { try encoder(Fixture.images([16, 16]), training: false) }.toArray()
        for path in [folder.path, folder.encoder] {
            let file = try EncoderFile(path)
            #expect(file.path == folder.encoder)
            #expect(file.experiment.encoder.name == "resnet18")
            let features = try withoutGradients { try file.encoder(Fixture.images([16, 16]), training: false) }
            #expect(try features.toArray() == wanted)
        }
        let state = try Safetensors(contentsOf: folder.encoder).tensors
        #expect(state.keys.sorted() == encoder.stateDict.keys.sorted())
        #expect(state["bn1.num_batches_tracked"]?.dtype == .int64)
        #expect(try state["bn1.num_batches_tracked"]?.item() == 1)
        let head = try Safetensors(contentsOf: folder.head).tensors
        #expect(head.keys.contains("linears.0.weight"))
    }

    @Test func areDescribedBeside() throws {
        _ = try write("convnet: {width: 2}")
        let data = try Data(contentsOf: URL(fileURLWithPath: folder.encoderDescription))
        let description = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(description["architecture"] as? String == "convnet")
        #expect(description["dimension"] as? Int == 16)
        #expect(description["input_size"] as? [Int] == [224, 224])
        #expect((description["mean"] as? [Double])?.count == 3)
        #expect((description["std"] as? [Double])?.count == 3)
        #expect(description["epochs"] as? Int == 3)
        #expect(description["sha256"] as? String == (try EncoderFile.hash(folder.encoder)))
    }

    @Test func hashesAreSHA256() throws {
        try Data("abc".utf8).write(to: URL(fileURLWithPath: "\(home.path)/abc"))
        #expect(
            try EncoderFile.hash("\(home.path)/abc")
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(throws: TrainingError.self) { try EncoderFile.hash("\(home.path)/nothing") }
    }

    @Test func refuseWhatIsNoEncoder() throws {
        let missing = #expect(throws: TrainingError.self) { try EncoderFile(home.path) }
        #expect(missing?.kind == .unusable)
        // Weights from elsewhere are taken if their keys and shapes are those of one network.
        #expect(try EncoderFile("\(Fixture.folder)/torchvision_state.safetensors").isFree)
        try Safetensors(tensors: ["a": .ones([2])], metadata: [:]).write(to: "\(home.path)/a.safetensors")
        let foreign = #expect(throws: TrainingError.self) { try EncoderFile("\(home.path)/a.safetensors") }
        #expect(foreign?.reason.contains("--encoder") == true, "\(foreign?.reason ?? "")")
        let notes = ["configuration": try ConfigurationWriter.yaml(experiment("convnet: {width: 2}"))]
        let other = try encoder("convnet: {width: 3}").stateDict
        try Safetensors(tensors: other, metadata: notes).write(to: "\(home.path)/x.safetensors")
        let misfit = #expect(throws: TrainingError.self) { try EncoderFile("\(home.path)/x.safetensors") }
        #expect(misfit?.reason.contains("does not fit convnet") == true)
    }

    @Test(
        "torchvision's resnet18 takes up encoder.safetensors and gives its features",
        .enabled(
            if: Python.finds("torch", "torchvision", "safetensors"), "python3 has no torch, torchvision and safetensors"
        ))
    func torchvisionTakesItUp() throws {
        let encoder = try write("resnet18")
        let images = try Fixture.images([64, 64])
        let features = try withoutGradients { try encoder(images, training: false) }
        try Safetensors(tensors: ["images": images, "features": features]).write(to: "\(home.path)/pair.safetensors")
        let script = """
            import sys
            sys.path.insert(0, sys.argv[3])
            from common import import_torchvision
            import torch
            from safetensors.torch import load_file
            model = import_torchvision().models.resnet18()
            missing, unexpected = model.load_state_dict(load_file(sys.argv[1]), strict=False)
            model.fc = torch.nn.Identity()
            pair = load_file(sys.argv[2])
            with torch.no_grad():
                features = model.eval()(pair["images"])
            difference = (features - pair["features"]).abs().max() / features.abs().max()
            print(sorted(missing), unexpected, int(model.bn1.num_batches_tracked), bool(difference < 1e-5))
            """
        let (status, output) = try Python.run(script, folder.encoder, "\(home.path)/pair.safetensors", Fixture.folder)
        #expect(status == 0, "\(output)")
        #expect(output.hasSuffix("['fc.bias', 'fc.weight'] [] 1 True\n"), "\(output)")
    }
}
