import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("SwAV")
struct SwAVTests {
    private let text = "swav: {head: {mlp: {hidden: 6, output: 4}}, prototypes: 3, queue: 10, queue_epochs: 0}"

    @Test(arguments: [1, 3, 10]) func codesAreSinkhornsOfTheAuthors(rounds: Int) throws {
        var settings = SwAV()
        settings.rounds = rounds
        let cosines = MethodFixture.views(30, count: 7, width: 4)[0]
        let wanted = Naive.sinkhorn(cosines, epsilon: 0.05, rounds: rounds)
        #expect(try difference(settings.codes(Fixture.tensor(cosines)), wanted) < 1e-12)
        #expect(try difference(settings.codes(Fixture.tensor(cosines).to(.float32)), wanted) < 2e-5)
        // Many rounds share the rows equally.
        settings.rounds = 500
        let sums: [Double] = try settings.codes(Fixture.tensor(cosines)).sum(dim: 0).toArray()
        #expect(sums.allSatisfy { abs($0 - 7.0 / 4) < 1e-6 })
    }

    @Test func codesOfASmallEpsilonAreFinite() throws {
        var settings = SwAV()
        settings.epsilon = 0.005
        // No embedding is near the last prototype.
        let cosines = try Tensor([Float(0.9), -0.9, 0.2, -0.8], shape: [2, 2])
        let codes: [Float] = try settings.codes(cosines).toArray()
        #expect(codes.allSatisfy { $0.isFinite && $0 >= 0 })
    }

    @Test(arguments: [[2], [2, 2]])
    func eachViewPredictsTheCodesOfTheOthers(counts: [Int]) throws {
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let own = try #require(twin as? SwAVModel)
        let branches = try MethodFixture.branches(counts)
        let prototypes = try Naive.unit(MethodFixture.rows(own.prototypes.weight.value))
        let cosines = try branches.flatMap { branch in
            try own.projector(branch.images, training: true).chunk(branch.count, dim: 0).map {
                Naive.products(Naive.unit(try MethodFixture.rows($0)), prototypes, tau: 1)
            }
        }
        var wanted: [Double] = []
        for target in 0..<2 {
            let codes = Naive.sinkhorn(cosines[target], epsilon: 0.05, rounds: 3)
            for (view, scores) in cosines.enumerated() where view != target {
                wanted.append(Naive.crossEntropy(codes, scores.map { $0.map { $0 / 0.1 } }))
            }
        }
        let objective = try model.objective(branches)
        #expect(try abs(objective.loss.item() - Naive.mean(wanted)) < 2e-5)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head", "prototypes"])
    }

    @Test func prototypesStandStillInTheFirstEpoch() throws {
        let model = try #require(try MethodFixture.model(text) as? SwAVModel)
        let branches = try MethodFixture.branches([2])
        // Two steps are an epoch of ten images; then the queue takes part too.
        for step in 0..<4 {
            try model.objective(branches).loss.backward()
            let gradient = try #require(try model.prototypes.weight.value.grad())
            #expect(try (gradient.abs().sum().item() > 1e-6) == (step >= 2))
        }
        let queue = try #require(model.queue)
        #expect(try queue.next.value.item() == 0)
        #expect(try model.counter.steps.value.item() == 4)
    }

    @Test func equalRowsGiveTheLogarithmOfThePrototypes() throws {
        var settings = SwAV()
        settings.rounds = 3
        let cosines = try Tensor.ones([6, 4], dtype: .float64) * 0.3
        let codes = try settings.codes(cosines)
        #expect(try abs(-(codes * (cosines / 0.1).logSoftmax(dim: 1)).sum(dim: 1).mean().item() - log(4)) < 1e-12)
    }

    @Test(arguments: [
        ("prototypes: 1", "prototypes"), ("temperature: 0", "temperature"), ("epsilon: 0", "epsilon"),
        ("rounds: -1", "rounds"),
    ])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("swav: {\(text)}") }
        #expect(error?.path == "method.swav.\(path)")
    }

    @Test func morePrototypesThanImagesAreRefused() {
        let error = #expect(throws: InvalidSetting.self) { try SwAV().validate(TrainingData(images: 2999)) }
        #expect(error?.key == "prototypes")
    }
}
