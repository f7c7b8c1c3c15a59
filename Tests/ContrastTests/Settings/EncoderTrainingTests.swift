import Testing
import Torch
import Views

@testable import Contrast

@Suite("Training from weights")
struct EncoderTrainingTests {
    @Test(
        arguments: [
            ("conv1.weight", 0), ("bn1.bias", 0), ("layer3.1.conv2.weight", 3), ("blocks.11.attn.qkv.weight", 12),
            ("patch_embed.proj.weight", 0), ("pos_embed", 0), ("norm.weight", nil), ("classifier.0.weight", nil),
            ("features.0.0.weight", 1),
        ] as [(String, Int?)])
    func stages(key: String, stage: Int?) { #expect(EncoderTraining.stage(of: key) == stage) }

    /// One parameter of each kind with gradient 1.
    private func parameters() throws -> [(key: String, parameter: Parameter)] {
        try ["encoder.conv1.weight", "encoder.layer1.0.conv1.weight", "encoder.layer2.0.conv1.weight", "head.weight"]
            .map {
                let parameter = try Parameter(Tensor.ones([2, 2]))
                try parameter.value.sum().backward()
                return ($0, parameter)
            }
    }

    private func settings() -> SGDConfiguration {
        var settings = SGDConfiguration()
        (settings.lr, settings.momentum, settings.weightDecay) = (1, 0.5, 0)
        return settings
    }

    @Test func eachStageHasItsRate() throws {
        var training = EncoderTraining()
        (training.lr, training.layerDecay) = (0.25, 0.5)
        let all = try parameters()
        let groups = try EncoderGroups(all, of: settings(), training)
        try groups.step(factor: 0.5)
        var moved: [Float] = []
        for (_, parameter) in all {
            let value: [Float] = try parameter.value.detach().toArray()
            moved.append(1 - value[0])
        }
        let expected: [Float] = [0.031_25, 0.062_5, 0.125, 0.5]
        #expect(moved == expected)
        #expect(groups.state.keys.filter { $0.hasPrefix("start.") }.isEmpty)
        // What was written is taken up whole.
        let again = try EncoderGroups(try parameters(), of: settings(), training)
        try again.load(state: groups.state)
        #expect(again.state.count == groups.state.count)
        #expect(throws: StateError.self) { try again.load(state: [:]) }
    }

    @Test func isPulledToTheStart() throws {
        var training = EncoderTraining()
        (training.lr, training.pull) = (0.5, 0.5)
        let all = try parameters()
        let groups = try EncoderGroups(all, of: settings(), training)
        try groups.step(factor: 1)
        // A step of 0.5 from 1, then a quarter of the way back; the head is free.
        #expect(try all[0].parameter.value.detach().toArray(Float.self)[0] == 0.625)
        #expect(try all[3].parameter.value.detach().toArray(Float.self)[0] == 0)
        #expect(groups.state["start.encoder.conv1.weight"] != nil && groups.state["start.head.weight"] == nil)
    }

    @Test func frozenNormKeepsTheStatistics() throws {
        let experiment = try tinyExperiment("training.encoder={frozen_norm: true}")
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, data: .none, generator: Generator(seed: 1))
        model.projector.freezesNorm = experiment.training.encoder?.frozenNorm == true
        _ = try model.projector(Fixture.images([16, 16]), training: true)
        let counts = model.encoder.stateDict.filter { $0.key.hasSuffix("num_batches_tracked") }
        #expect(!counts.isEmpty)
        for (_, count) in counts { #expect(try count.item() == 0) }
    }
}
