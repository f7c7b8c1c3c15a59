import Testing
import Torch
import Views

@testable import Contrast

@Suite("Barlow Twins")
struct BarlowTwinsTests {
    @Test(arguments: [(0.005, 1.0), (0, 1), (0.5, 0.024)])
    func theLossIsItsFormula(lambda: Double, scale: Double) throws {
        var loss = BarlowTwins()
        (loss.lambda, loss.scale) = (lambda, scale)
        try MethodFixture.expect(
            MethodFixture.views(20), { Naive.barlowTwins($0[0], $0[1], lambda: lambda, scale: scale) }
        ) { try loss($0[0], $0[1]) }
    }

    @Test func equalRowsGiveTheDimension() throws {
        let rows = try Tensor.ones([4, 3], dtype: .float64)
        #expect(try abs(BarlowTwins()(rows, rows).item() - 3) < 1e-12)
    }

    @Test func everythingHasAGradient() throws {
        let model = try MethodFixture.model("barlow_twins: {head: {mlp: {hidden: 6, output: 4}}}")
        let objective = try model.objective(MethodFixture.branches([2]))
        #expect(objective.candidates == nil)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head"])
    }

    @Test(arguments: [("lambda: -1", "lambda"), ("scale: 0", "scale")])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("barlow_twins: {\(text)}") }
        #expect(error?.path == "method.barlow_twins.\(path)")
    }
}
