import Files
import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("Weights from elsewhere")
struct LoadedWeightsTests {
    private func path(_ name: String) -> String { "\(Fixture.folder)/weights/\(name)" }

    private func use(_ text: String = "encoder: {resnet18: {width: 1}}") throws -> WeightsUse {
        var use = try WeightsUse()
        use.experiment = try Experiments.read(text)
        use.namesEncoder = true
        return use
    }

    @Test(arguments: [false, true])
    func takesMoCosEncoder(isNamed: Bool) throws {
        let file = try EncoderFile(path("moco.pth"), use: isNamed ? use() : nil)
        #expect(file.isFree && file.experiment.encoder.name == "resnet18")
        let words =
            "weights: all 100 tensors of resnet18 from \(path("moco.pth")) under state_dict.module.encoder_q.; not "
            + "used: state_dict.module.encoder_k (100), state_dict.module.encoder_q.fc, state_dict.module.queue"
        #expect(file.notes.first == words)
        // As the generator makes them.
        for (place, entry) in file.encoder.orderedState.enumerated() {
            guard !entry.key.hasSuffix("num_batches_tracked") else { continue }
            var expected: [Float] = []
            for index in 0..<entry.value.count { expected.append(Float(index % 7) / 7 + Float(place) / 128) }
            #expect(try entry.value.detach().toArray() == expected, "\(entry.key)")
        }
    }

    @Test(
        arguments: [
            (
                "nan.pth", "encoder: {resnet18: {width: 1}}",
                "layer1.0.bn1.weight has values that are infinite or NaN"
            ),
            ("moco.pth", "encoder: {resnet18: {width: 2}}", "conv1.weight is [1, 3, 7, 7], and must be [2, 3, 7, 7]"),
            (
                "moco.pth", "encoder: {resnet18: {width: 1, stem: small}}",
                "is 7x7, but the network's is 3x3: set stem: imagenet"
            ),
            ("moco.pth", "encoder: {resnet50: {width: 1}}", "has 100 of the 265 tensors of resnet50"),
            ("moco.pth", "encoder: convnet", "name its network with --encoder"),
            ("make.py", "encoder: resnet18", "is neither a safetensors file nor one of torch.save"),
            ("none.pth", "encoder: resnet18", "there is no such file"),
        ])
    func refuses(name: String, encoder: String, reason: String) throws {
        let error = #expect(throws: TrainingError.self) { try EncoderFile(path(name), use: use(encoder)) }
        #expect(error?.kind == .unusable)
        #expect(error?.reason.contains(reason) == true, "\(error?.reason ?? "")")
    }

    @Test func movesPositionsAsPyTorchDoes() throws {
        struct Case: Decodable {
            var old: Int
            var new: Int
            var values: [Float]
        }
        for entry in try Fixture.read("weights/positions", as: [Case].self) {
            let count = entry.old * entry.old * 2
            let values = [9, 8] + (0..<count).map { Float(sin(Double($0))) }
            let tensor = try Tensor(values, shape: [1, entry.old * entry.old + 1, 2])
            let shape = [1, entry.new * entry.new + 1, 2]
            let moved = try WeightConversion.convert(tensor, key: "pos_embed", to: shape)
            #expect((moved.note == nil) == (entry.old == entry.new))
            let found = try moved.tensor.toArray(Float.self)
            #expect(Array(found.prefix(2)) == [9, 8])
            for (a, b) in zip(found.dropFirst(2), entry.values) { #expect(abs(a - b) < 1e-5) }
        }
    }

    @Test func sharesOneChannelOut() throws {
        let gray = try Tensor([Float](repeating: 3, count: 8), shape: [2, 1, 2, 2])
        let colour = try WeightConversion.convert(gray, key: "conv1.weight", to: [2, 3, 2, 2])
        #expect(try colour.tensor.toArray() == [Float](repeating: 1, count: 24))
        let four = try Tensor.zeros([2, 4, 2, 2])
        #expect(throws: WeightConversion.Failure.self) {
            try WeightConversion.convert(four, key: "conv1.weight", to: [2, 3, 2, 2])
        }
    }

    @Test func startsEveryCopyOfTheEncoder() throws {
        let experiment = try Experiments.read(
            "{encoder: {resnet18: {width: 1, weights: \(path("moco.pth"))}}, method: {moco: {queue: 4}}}")
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, data: .none, generator: Generator(seed: 1))
        try model.start(from: #require(try LoadedWeights(startOf: experiment, prefix: nil)))
        let convolutions = model.stateDict.filter { $0.key.hasSuffix("encoder.conv1.weight") }
        #expect(convolutions.count == 2)
        for (_, value) in convolutions { #expect(try value.detach().toArray(Float.self)[1] == 1 / 7.0) }
    }

    @Test func writesAndTakesARunsOwn() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try Folder.create(at: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let experiment = try Experiments.read("encoder: {resnet18: {width: 1, stem: small}}")
        let encoder = try experiment.encoder.component.build(generator: Generator(seed: 3))
        try EncoderFile.write(encoder, experiment: experiment, to: "\(folder)/encoder.safetensors")
        let started = try Experiment().starting(from: folder, use: WeightsUse())
        let settings = try #require(started.encoder.component as? ResNet18)
        #expect(settings.stem == .small && settings.width == 1 && settings.weights == folder)
    }
}
