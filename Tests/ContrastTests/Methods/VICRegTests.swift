import Testing
import Torch
import Views

@testable import Contrast

@Suite("VICReg")
struct VICRegTests {
    @Test(arguments: [(25.0, 25.0, 1.0), (0, 1, 0), (1, 0, 3)])
    func theLossIsItsFormula(weights: (Double, Double, Double)) throws {
        var loss = VICReg()
        (loss.invariance, loss.variance, loss.covariance) = weights
        try MethodFixture.expect(MethodFixture.views(10), { Naive.vicReg($0[0], $0[1], weights) }) {
            try loss($0[0], $0[1])
        }
    }

    @Test func equalRowsGiveTheHingeAlone() throws {
        let rows = try Tensor.ones([4, 3], dtype: .float64)
        #expect(try abs(VICReg()(rows, rows).item() - 25 * 0.99) < 1e-9)
        #expect(throws: TorchError.self) { try VICReg()(Tensor.ones([1, 3]), Tensor.ones([1, 3])) }
    }

    @Test func allPairsOfViewsCount() throws {
        let text = "vicreg: {head: {mlp: {hidden: 6, output: 4}}}"
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let branches = try MethodFixture.branches([2, 1])
        let objective = try model.objective(branches)
        let views = try branches.flatMap {
            try twin.projector($0.images, training: true).chunk($0.count, dim: 0).map(MethodFixture.rows)
        }
        let losses = [(0, 1), (0, 2), (1, 2)].map { Naive.vicReg(views[$0.0], views[$0.1], (25, 25, 1)) }
        #expect(try abs(objective.loss.item() - Naive.mean(losses)) < 2e-5)
        #expect(objective.candidates == nil)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head"])
    }

    @Test(arguments: [("variance: -1", "variance"), ("head: {mlp: {layers: 0}}", "head.mlp.layers"), ("tau: 1", "tau")])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("vicreg: {\(text)}") }
        #expect(error?.path == "method.vicreg.\(path)")
    }
}
