import Testing
import Torch
import Views

@testable import Contrast

@Suite("BYOL")
struct BYOLTests {
    private let text =
        "byol: {head: {mlp: {hidden: 6, output: 4}}, predictor: {mlp: {hidden: 3, output: 4}}, momentum: 0.75}"

    @Test(arguments: [[2], [2, 1]])
    func theLossIsTheSumOfBothDirections(counts: [Int]) throws {
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let own = try #require(twin as? BYOLModel)
        let branches = try MethodFixture.branches(counts)
        var (targets, predictions) = ([Naive.Rows](), [Naive.Rows]())
        for images in try branches.flatMap({ try $0.images.chunk($0.count, dim: 0) }) {
            let view = try own.projector(images, training: true)
            predictions.append(try MethodFixture.rows(own.predictor(view, training: true)))
            targets.append(try MethodFixture.rows(own.momentum.projector(images, training: true)))
        }
        var wanted: [Double] = []
        for (i, prediction) in predictions.enumerated() {
            for (j, target) in targets.prefix(2).enumerated() where i != j {
                wanted.append(2 - 2 * Naive.meanCosine(prediction, target))
            }
        }
        let objective = try model.objective(branches)
        #expect(try abs(objective.loss.item() - 2 * Naive.mean(wanted)) < 5e-6)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head", "predictor"])
    }

    @Test func theTargetFollowsByItsMomentum() throws {
        let model = try #require(try MethodFixture.model(text) as? BYOLModel)
        let (key, weight) = try #require(model.projector.namedParameters.first)
        let target = try #require(model.momentum.stateDict[key])
        let before: [Float] = try target.toArray()
        try withoutGradients { try weight.value.copy(from: weight.value + 1) }
        _ = try model.objective(MethodFixture.branches([2]))
        let after: [Float] = try target.toArray()
        #expect(zip(before, after).allSatisfy { abs($1 - $0 - 0.25) < 1e-6 })
    }

    @Test(arguments: [
        ("momentum: 2", "momentum"), ("predictor: {mlp: {output: 64}}", "predictor.mlp.output"),
    ])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("byol: {\(text)}") }
        #expect(error?.path == "method.byol.\(path)")
    }
}
