import Testing
import Torch
import Views

@testable import Contrast

/// torchvision's figures: networks.json.
private struct NetworksFixture: Decodable {
    struct Case: Decodable {
        var encoder: String
        var size: [Int]
        var training: Bool
        var float32Error: Double
        var float32GradientError: Double
        var keys: [EncoderFixture.Key]
        var features: [[Double]]
        var gradients: [[Double]]
    }
    var cases: [Case]
}

@Suite("torchvision's networks")
struct NetworksTests {
    /// The weights that the rule of networks.py makes.
    private func weights(_ keys: [EncoderFixture.Key]) throws -> [String: Tensor] {
        var state: [String: Tensor] = [:]
        for (index, key) in keys.enumerated() {
            if key.name.hasSuffix("layer_scale") {
                let v = try Tensor(Fixture.hashed(key.shape.reduce(1, *), stream: UInt64(index)), shape: key.shape)
                state[key.name] = try (v * 0.1 + 0.3).to(.float32)
            } else {
                state[key.name] = try key.ruled(index)
            }
        }
        return state
    }

    @Test("Keys, shapes, order, features and gradients are torchvision's", arguments: 0..<7)
    func equalsTorchvision(index: Int) throws {
        let test = try Fixture.read("networks", as: NetworksFixture.self).cases[index]
        let network = try encoder(test.encoder)
        let state = network.stateDict
        let haveTheSameKeys = Set(state.keys) == Set(test.keys.map(\.name))
        try #require(haveTheSameKeys)
        for key in test.keys { #expect(state[key.name]?.shape == key.shape, "\(key.name)") }
        let buffers = ["running_mean", "running_var", "num_batches_tracked"]
        let parameters = test.keys.enumerated().filter { key in
            !buffers.contains { key.element.name.hasSuffix($0) }
        }
        let areInOrder = network.namedParameters.map(\.key) == parameters.map(\.element.name)
        #expect(areInOrder)

        try network.load(stateDict: weights(test.keys))
        try network.move(to: .cpu, channelsLast: true)
        let images = try Fixture.images(test.size, count: 4).channelsLast()
        let features = try network(images, training: test.training)
        #expect(features.shape == [4, network.dimension])
        #expect(try difference(features.detach(), test.features) < max(1e-5, 5 * test.float32Error))

        let loss = try Tensor(Fixture.hashed(features.count, stream: 1_000_001), shape: features.shape)
        try (features * loss.to(.float32)).sum().backward()
        try expectGradients(
            of: network, test.gradients, indices: parameters.map(\.offset),
            tolerance: max(1e-3, 5 * test.float32GradientError))
    }

    @Test func channelsAreRoundedAsTorchvisionDoes() {
        let rounded = [(1, 8), (11.2, 16), (12, 16), (19.2, 24), (33.6, 32), (1280 * 1.4, 1792)] as [(Double, Int)]
        for (channels, wanted) in rounded { #expect(ConvolutionTopology.roundedChannels(channels) == wanted) }
    }

    @Test(
        "Invalid settings are named",
        arguments: [
            ("mobilenet_v2: {width_mult: 0}", "mobilenet_v2.width_mult"),
            ("convnext_tiny: {drop_path: 1}", "convnext_tiny.drop_path"),
            ("convnext_small: {layer_scale: -1}", "convnext_small.layer_scale"),
            ("resnet101: {width: 0}", "resnet101.width"),
        ])
    func nonsense(settings: String, path: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try architecture(settings) }
        #expect(error?.path == "encoder.\(path)")
    }
}

@Suite("ConvNeXt")
struct ConvNeXtTests {
    @Test func smallViewsAreRefused() throws {
        let settings = ConvNeXtTiny()
        #expect(throws: InvalidSetting.self) { try settings.validate(input: Size(width: 64, height: 31)) }
        try settings.validate(input: Size(square: 32))
    }

    @Test func channelsInnermostGiveTheSameFeatures() throws {
        let network = try encoder("convnext_tiny: {width: 8, layer_scale: 0.5}")
        let images = try Fixture.images([40, 36])
        let wanted: [Double] = try withoutGradients { try network(images, training: false).toArray() }
        try network.move(to: .cpu, channelsLast: true)
        let features = try withoutGradients { try network(images.channelsLast(), training: false) }
        #expect(try difference(features, [wanted]) < 1e-5)
    }
}

/// Gradients as fixtures have them: of each parameter the product with a known direction, and the norm.
func expectGradients(
    of network: any Module, _ wanted: [[Double]], indices: [Int], tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    // Some gradients are 0 but for rounding.
    let floor = 1e-3 * wanted.reduce(0) { $0 + $1[1] * $1[1] }.squareRoot()
    for ((key, parameter), (index, wanted)) in zip(network.namedParameters, zip(indices, wanted)) {
        let gradient: [Float] = try #require(try parameter.value.grad(), sourceLocation: sourceLocation)
            .contiguous().toArray()
        let direction = Fixture.hashed(gradient.count, stream: UInt64(2_000_000 + index))
        let product = zip(gradient, direction).reduce(0.0) { $0 + Double($1.0) * $1.1 }
        let error = abs(product - wanted[0]) / max(wanted[1], floor)
        #expect(error < tolerance, "\(key)", sourceLocation: sourceLocation)
    }
}
