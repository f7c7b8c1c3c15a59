import Testing
import Torch
import Views

@testable import Contrast

@Suite("SimSiam")
struct SimSiamTests {
    private let text =
        "simsiam: {head: {mlp: {hidden: 6, output: 4, output_norm: true}}, predictor: {mlp: {hidden: 3, output: 4}}}"

    @Test(arguments: [[2], [1, 1], [2, 2]])
    func theLossIsTheMeanOverPairsOfViews(counts: [Int]) throws {
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let predictor = try #require(twin as? SimSiamModel).predictor
        let branches = try MethodFixture.branches(counts)
        var (views, predictions) = ([Naive.Rows](), [Naive.Rows]())
        for images in try branches.flatMap({ try $0.images.chunk($0.count, dim: 0) }) {
            let view = try twin.projector(images, training: true)
            views.append(try MethodFixture.rows(view))
            predictions.append(try MethodFixture.rows(predictor(view, training: true)))
        }
        var wanted: [Double] = []
        for (i, prediction) in predictions.enumerated() {
            for (j, view) in views.prefix(2).enumerated() where i != j {
                wanted.append(-Naive.meanCosine(prediction, view))
            }
        }
        let objective = try model.objective(branches)
        #expect(try abs(objective.loss.item() - Naive.mean(wanted)) < 2e-6)
        #expect(objective.candidates == nil && !objective.embeddings.second.requiresGrad)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head", "predictor"])
    }

    @Test func targetsHaveNoGradient() throws {
        // Without a predictor both sides are the same: what is left of the gradient is that of one side.
        let text = "simsiam: {head: none, predictor: none}"
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let branches = try MethodFixture.branches([2])
        try model.objective(branches).loss.backward()
        let views = try branches[0].images.chunk(2, dim: 0).map { try twin.encoder($0, training: true) }
        let one = try NegativeCosine()(views[0], views[1].detach())
        let other = try NegativeCosine()(views[1], views[0].detach())
        try ((one + other) / 2).backward()
        for ((key, found), (_, wanted)) in zip(model.namedParameters, twin.namedParameters) {
            let (a, b) = (try #require(try found.value.grad()), try #require(try wanted.value.grad()))
            #expect(try (a - b).abs().sum().item() < 1e-6, "\(key)")
        }
    }

    @Test func aPredictorOfAnotherDimensionIsNamed() {
        let error = #expect(throws: ConfigurationError.self) {
            try MethodFixture.model("simsiam: {predictor: {mlp: {output: 64}}}")
        }
        #expect(error?.path == "method.simsiam.predictor.mlp.output")
    }
}
