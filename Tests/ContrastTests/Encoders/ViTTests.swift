import Testing
import Torch
import Views

@testable import Contrast

/// timm's figures: vit_forward.json.
private struct ViTFixture: Decodable {
    struct Case: Decodable {
        var size: Int
        var patch: Int
        var width: Int
        var depth: Int
        var heads: Int
        var ratio: Double
        var pool: ViT.Pool
        var position: ViT.Position
        var registers: Int
        var layerScale: Double
        var keys: [EncoderFixture.Key]
        var positions: [[Double]]?
        var features: [[Double]]
        var gradients: [[Double]]

        var settings: ViT {
            var settings = ViT()
            (settings.imageSize, settings.patch, settings.width) = (size, patch, width)
            (settings.depth, settings.heads, settings.mlpRatio) = (depth, heads, ratio)
            (settings.pool, settings.position) = (pool, position)
            (settings.registers, settings.layerScale) = (registers, layerScale)
            return settings
        }
    }
    var cases: [Case]
}

@Suite("ViT")
struct ViTTests {
    /// The weights that the rule of vit_forward.py makes.
    private func weights(_ test: ViTFixture.Case) throws -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (index, key) in test.keys.enumerated() where key.name != "pos_embed" || test.positions == nil {
            let v = try Tensor(
                Fixture.hashed(key.shape.reduce(1, *), stream: UInt64(index)), shape: key.shape)
            let ruled =
                switch key.shape.count {
                case 2, 4: try v * (3 / Double(key.shape[1...].reduce(1, *))).squareRoot()
                case 3: try v * 0.5
                default:
                    key.name.hasSuffix("bias")
                        ? try v * 0.1 : try v * 0.1 + (key.name.hasSuffix("gamma") ? 0.3 : 0.7)
                }
            state[key.name] = try ruled.to(.float32)
        }
        return state
    }

    @Test("Keys, shapes, features and gradients are timm's", arguments: 0..<7) func equalsTimm(index: Int) throws {
        let test = try Fixture.read("vit_forward", as: ViTFixture.self).cases[index]
        try test.settings.validate()
        let encoder = try test.settings.build(generator: Generator(seed: 1))
        #expect(encoder.stateDict.keys.sorted() == test.keys.map(\.name).sorted())
        for key in test.keys { #expect(encoder.stateDict[key.name]?.shape == key.shape, "\(key.name)") }
        var state = try weights(test)
        if let positions = test.positions {
            // Fixed: those that the network began with, and none that an optimiser is given.
            let own = try #require(encoder.stateDict["pos_embed"])
            #expect(try difference(own, positions) < 1e-6)
            #expect(!encoder.namedParameters.contains { $0.key == "pos_embed" })
            state["pos_embed"] = own
        }
        try encoder.load(stateDict: state)
        let features = try encoder(Fixture.images([test.size, test.size]), training: true)
        #expect(features.shape == [2, encoder.dimension])
        #expect(try difference(features.detach(), test.features) < 1e-5)
        let loss = try Tensor(Fixture.hashed(features.count, stream: 1_000_001), shape: features.shape)
        try (features * loss.to(.float32)).sum().backward()
        let trained = encoder.namedParameters.map(\.key)
        let kept = test.keys.enumerated().filter { trained.contains($0.element.name) }
        #expect(trained == kept.map(\.element.name))
        try expectGradients(
            of: encoder, kept.map { test.gradients[$0.offset] }, indices: kept.map(\.offset), tolerance: 1e-4)
    }

    @Test func everythingIsTrained() throws {
        let encoder = try encoder("vit: {image_size: 8, patch: 4, width: 8, depth: 1, heads: 2}")
        try encoder(Fixture.images([8, 8]), training: true).pow(2).sum().backward()
        for (key, parameter) in encoder.namedParameters { #expect(try parameter.value.grad() != nil, "\(key)") }
    }

    @Test(
        "Invalid settings are named",
        arguments: [
            ("image_size: 30", "image_size"), ("heads: 5", "heads"), ("mlp_ratio: 0", "mlp_ratio"),
            ("width: 6, heads: 3, position: sin_cos", "width"), ("patch: 0", "patch"), ("depth: 0", "depth"),
            ("registers: -1", "registers"), ("layer_scale: -1", "layer_scale"), ("drop_path: 1", "drop_path"),
        ])
    func nonsense(settings: String, key: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try architecture("vit: {\(settings)}") }
        #expect(error?.path == "encoder.vit.\(key)")
    }

    @Test(
        "Presets are timm's shapes",
        arguments: [
            ("vit_tiny: {patch: 14}", 192, 5_500_000),
            ("vit_small: {layer_scale: 1.0e-5, registers: 4}", 384, 22_000_000),
        ])
    func presets(text: String, width: Int, weights: Int) throws {
        let network = try encoder(text)
        #expect(network.dimension == width)
        let count = network.namedParameters.reduce(0) { $0 + $1.parameter.value.count }
        #expect(abs(count - weights) < weights / 50)
        #expect(throws: InvalidSetting.self) { try architecture(text).validate(input: Size(square: 32)) }
    }

    @Test func dropsBranchesOfSomeImagesInTraining() throws {
        let network = try encoder("vit: {image_size: 8, patch: 4, width: 8, depth: 3, heads: 2, drop_path: 0.5}")
        let images = try Fixture.images([8, 8], count: 16)
        try withoutGradients {
            let wanted: [Float] = try network(images, training: false).toArray()
            let dropped: [Float] = try network(images, training: true).toArray()
            #expect(dropped != wanted)
            // The same images drop the same, also in another batch, as when a step is computed again in chunks.
            #expect(try network(images, training: true).toArray() == dropped)
            let rest = try network(images.narrow(dim: 0, start: 8, length: 8), training: true)
            #expect(try difference(rest, [dropped.dropFirst(8 * 8).map { Double($0) }]) < 1e-5)
        }
    }

    @Test func otherExtentsAreRefused() throws {
        var settings = ViT()
        settings.imageSize = 32
        let error = #expect(throws: InvalidSetting.self) { try settings.validate(input: Size(square: 16)) }
        #expect(error?.key == "image_size")
        settings.depth = 1
        let encoder = try settings.build(generator: Generator(seed: 1))
        let images = try Fixture.images([16, 16])
        #expect(throws: TorchError.self) { try encoder(images, training: false) }
    }
}
