import Testing
import Torch

@testable import Contrast

@Suite("SimCLR")
struct SimCLRTests {
    private func model(_ head: any HeadSettings = IdentityHead()) throws -> any ContrastiveModel {
        var settings = SimCLR()
        settings.head = .init(head)
        return try settings.build(encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: 4))
    }

    private func images(_ count: Int, _ side: Int, stream: UInt64) throws -> Tensor {
        try Tensor(Fixture.hashed(count * 3 * side * side, stream: stream), shape: [count, 3, side, side]).to(.float32)
    }

    @Test func theLossIsThatOfBothViewsInOneBatch() throws {
        let model = try model()
        let views = try images(10, 8, stream: 1)
        let objective = try model.objective([ViewTensor(images: views, count: 2)])
        let features = try self.model().encoder(views, training: true).chunk(2, dim: 0)
        let wanted = try NTXent()(features[0], features[1])
        #expect(try abs(objective.loss.item() - wanted.item()) < 1e-6)
        #expect(objective.candidates == 9)
        #expect(objective.embeddings.first.shape == [5, 16])
        #expect(!objective.embeddings.first.requiresGrad)
        #expect(try objective.embeddings.second.toArray(Float.self) == features[1].toArray(Float.self))
        try objective.loss.backward()
        for (key, parameter) in model.namedParameters { #expect(try parameter.value.grad() != nil, "\(key)") }
    }

    @Test func moreViewsGiveTheMeanOverPairsWithTheFirstBranch() throws {
        let (large, small) = (try images(6, 8, stream: 2), try images(9, 4, stream: 3))
        let objective = try model().objective([
            ViewTensor(images: large, count: 2), ViewTensor(images: small, count: 3),
        ])
        let model = try model()
        let views =
            try model.encoder(large, training: true).chunk(2, dim: 0)
            + model.encoder(small, training: true).chunk(3, dim: 0)
        var losses: [Double] = []
        for first in 0..<2 {
            for second in first + 1..<5 { losses.append(try NTXent()(views[first], views[second]).item()) }
        }
        #expect(losses.count == 7)
        #expect(try abs(objective.loss.item() - losses.reduce(0, +) / 7) < 1e-6)
    }

    @Test func theHeadIsAsItsSettingsSay() throws {
        var mlp = MLPHead()
        mlp.layers = 3
        mlp.hidden = 6
        mlp.output = 5
        let head = try mlp.build(inputs: 16, generator: Generator(seed: 1))
        let shapes = head.stateDict.filter { $0.key.hasSuffix("weight") }.mapValues(\.shape)
        #expect(
            shapes == [
                "linears.0.weight": [6, 16], "linears.1.weight": [6, 6], "linears.2.weight": [5, 6],
                "norms.0.weight": [6], "norms.1.weight": [6],
            ])
        #expect(try head(Tensor.ones([4, 16]), training: true).shape == [4, 5])
        mlp.batchNorm = false
        mlp.layers = 1
        let linear = try mlp.build(inputs: 16, generator: Generator(seed: 1))
        #expect(linear.stateDict.keys.sorted() == ["linears.0.bias", "linears.0.weight"])
    }
}
