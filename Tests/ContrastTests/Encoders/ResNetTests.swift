import Testing
import Torch

@testable import Contrast

/// torchvision's figures: encoder_forward.json.
struct EncoderFixture: Decodable {
    struct Key: Decodable {
        var name: String
        var shape: [Int]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            name = try container.decode(String.self)
            shape = try container.decode([Int].self)
        }

        /// The value that the rule of encoder_forward.py makes of entry `index`.
        func ruled(_ index: Int) throws -> Tensor {
            guard !name.hasSuffix("num_batches_tracked") else { return try .zeros([], dtype: .int64) }
            let v = try Tensor(Fixture.hashed(shape.reduce(1, *), stream: UInt64(index)), shape: shape)
            let ruled =
                switch shape.count {
                case 4: try v * (6 / Double(shape[1...].reduce(1, *))).squareRoot()
                case 2: try v * (3 / Double(shape[1])).squareRoot()
                default:
                    if name.hasSuffix("running_var") {
                        try v * 0.5 + 1
                    } else if name.hasSuffix("running_mean") || name.hasSuffix("bias") {
                        try v * 0.1
                    } else {
                        try v * 0.1 + 0.7
                    }
                }
            return try ruled.to(.float32)
        }
    }
    struct Model: Decodable {
        var architecture: String
        var width: Int
        var stem: Stem
        var keys: [Key]
    }
    struct After: Decodable {
        var values: [String: [Double]] = [:]
        var count = 0

        init(from decoder: any Decoder) throws {
            struct Name: CodingKey {
                var stringValue: String
                var intValue: Int? { nil }
                init(stringValue: String) { self.stringValue = stringValue }
                init?(intValue: Int) { nil }
            }
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys {
                // The decoder writes names in camelCase, tensors' included.
                if key.stringValue.hasSuffix("Tracked") {
                    count = try container.decode(Int.self, forKey: key)
                } else {
                    values[key.stringValue] = try container.decode([Double].self, forKey: key)
                }
            }
        }
    }
    struct Case: Decodable {
        var architecture: String
        var width: Int
        var stem: Stem
        var size: [Int]
        var training: Bool
        var float32Error: Double
        var features: [[Double]]
        var after: After?
    }
    struct Check: Decodable {
        var stream: UInt64
        var values: [Double]
    }
    var hashedCheck: Check
    var models: [Model]
    var cases: [Case]
}

@Suite("ResNet")
struct ResNetTests {
    private func build(_ architecture: String, _ width: Int, _ stem: Stem) throws -> any Encoder {
        let text = "\(architecture): {width: \(width), stem: \(stem.rawValue)}"
        return try encoder(text)
    }

    /// The weights that the rule of encoder_forward.py makes.
    private func weights(_ model: EncoderFixture.Model) throws -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (index, key) in model.keys.enumerated() where !key.name.hasPrefix("fc.") {
            state[key.name] = try key.ruled(index)
        }
        return state
    }

    @Test func theRuleOfWeightsIsUnderstood() throws {
        let check = try Fixture.read("encoder_forward", as: EncoderFixture.self).hashedCheck
        for (found, wanted) in zip(Fixture.hashed(6, stream: check.stream), check.values) {
            #expect(abs(found - wanted) < 1e-7)
        }
    }

    @Test("Keys, shapes, order and features are torchvision's", arguments: 0..<4)
    func equalsTorchvision(index: Int) throws {
        let fixture = try Fixture.read("encoder_forward", as: EncoderFixture.self)
        let model = fixture.models[index]
        let encoder = try build(model.architecture, model.width, model.stem)
        let wanted = model.keys.filter { !$0.name.hasPrefix("fc.") }
        let state = encoder.stateDict
        #expect(state.keys.sorted() == wanted.map(\.name).sorted())
        for key in wanted { #expect(state[key.name]?.shape == key.shape, "\(key.name)") }
        let buffers = ["running_mean", "running_var", "num_batches_tracked"]
        #expect(
            encoder.namedParameters.map(\.key)
                == wanted.map(\.name).filter { name in !buffers.contains { name.hasSuffix($0) } })

        let weights = try weights(model)
        let cases = fixture.cases.filter {
            ($0.architecture, $0.width, $0.stem) == (model.architecture, model.width, model.stem)
        }
        #expect(cases.count >= 2)
        for test in cases {
            try encoder.load(stateDict: weights)
            let features = try withoutGradients {
                try encoder(Fixture.images(test.size), training: test.training)
            }
            #expect(features.shape == [2, encoder.dimension])
            #expect(try difference(features, test.features) < max(1e-5, 5 * test.float32Error), "\(test.size)")
            guard let after = test.after else { continue }
            let trained = encoder.stateDict
            for (key, values) in after.values {
                let name = trained.keys.first { camelCase($0) == key }
                #expect(try difference(#require(name.flatMap { trained[$0] }), [values]) < 1e-5, "\(key)")
            }
            #expect(try trained["bn1.num_batches_tracked"]?.item() == Double(after.count))
        }
    }

    /// As JSONDecoder changes a key.
    private func camelCase(_ name: String) -> String {
        let parts = name.split(separator: "_")
        return String(parts[0]) + parts.dropFirst().map { $0.capitalized }.joined()
    }

    @Test("A state that Python saved, fc included, gives its features") func takesUpASavedState() throws {
        struct State: Decodable {
            var size: [Int]
            var extraKeys: [String]
            var features: [[Double]]
        }
        let fixture = try Fixture.read("torchvision_state", as: State.self)
        let file = try Safetensors(contentsOf: "\(Fixture.folder)/torchvision_state.safetensors")
        let encoder = try build("resnet18", 8, .small)
        let error = #expect(throws: StateError.self) { try encoder.load(stateDict: file.tensors) }
        #expect(error?.unexpected == fixture.extraKeys.sorted())
        try encoder.load(stateDict: file.tensors) { $0.hasPrefix("fc.") }
        let features = try withoutGradients { try encoder(Fixture.images(fixture.size), training: false) }
        #expect(try difference(features, fixture.features) < 1e-5)
    }

    @Test func channelsInnermostGiveTheSameFeatures() throws {
        let encoder = try build("resnet18", 8, .imagenet)
        let images = try Fixture.images([40, 36])
        let plain = try withoutGradients { try encoder(images, training: false) }
        let wanted: [Double] = try plain.toArray()
        try encoder.move(to: .cpu, channelsLast: true)
        let features = try withoutGradients { try encoder(images.channelsLast(), training: false) }
        #expect(try difference(features, [wanted]) < 1e-5)
    }

    @Test func theSameSeedGivesTheSameWeights() throws {
        func weights(_ seed: UInt64) throws -> [String: [Float]] {
            var settings = ResNet18()
            settings.width = 4
            return try settings.build(generator: Generator(seed: seed)).stateDict.mapValues { try $0.toArray() }
        }
        #expect(try weights(1) == weights(1))
        #expect(try weights(1) != weights(2))
    }
}

@Suite("ConvNet")
struct ConvNetTests {
    @Test(arguments: [1, 2, 7, 16, 33]) func takesPicturesOfAnySide(side: Int) throws {
        let encoder = try encoder("convnet: {width: 4}")
        #expect(encoder.dimension == 32)
        let features = try withoutGradients { try encoder(Fixture.images([side, side + 3]), training: false) }
        #expect(features.shape == [2, 32])
        #expect(try features.toArray(Float.self).allSatisfy { $0.isFinite && $0 >= 0 })
    }

    @Test func hasKeysByPlace() throws {
        let keys = try encoder("convnet: {width: 2}").namedParameters
        #expect(
            keys.map(\.key)
                == (0..<4).map { "convolutions.\($0).weight" }
                + (0..<4).flatMap { ["norms.\($0).weight", "norms.\($0).bias"] })
        #expect(keys.first?.parameter.value.shape == [2, 3, 3, 3])
    }
}
