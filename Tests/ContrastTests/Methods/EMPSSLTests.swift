import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("EMP-SSL")
struct EMPSSLTests {
    @Test(arguments: [(8, 5), (4, 7)]) func theCodingRateIsItsFormula(count: Int, width: Int) throws {
        let rows = Naive.unit(MethodFixture.views(50, count: count, width: width)[0])
        try MethodFixture.expect([rows], { Naive.codingRate($0[0], distortion: 0.2) }) {
            try EMPSSL().codingRate($0[0])
        }
    }

    @Test func equalRowsHaveTheRateOfOneDimension() throws {
        let rows = try Tensor.ones([6, 4], dtype: .float64).normalizedRows()
        #expect(try abs(EMPSSL().codingRate(rows).item() - log(1 + 4 / 0.2) / 2) < 1e-9)
    }

    @Test func patchesAttractTheirMean() throws {
        let text = "emp_ssl: {head: {mlp: {hidden: 6, output: 4}}, lambda: 3}"
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let branches = try MethodFixture.branches([4])
        let patches = try twin.projector(branches[0].images, training: true).chunk(4, dim: 0).map {
            Naive.unit(try MethodFixture.rows($0))
        }
        let center = (0..<5).map { image in
            (0..<4).map { column in Naive.mean(patches.map { $0[image][column] }) }
        }
        let wanted =
            -Naive.mean(patches.map { Naive.codingRate($0, distortion: 0.2) })
            - 3 * Naive.mean(patches.map { Naive.meanCosine($0, center) })
        let objective = try model.objective(branches)
        #expect(try abs(objective.loss.item() - wanted) < 2e-5)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head"])
    }

    @Test(arguments: [("lambda: -1", "lambda"), ("distortion: 0", "distortion")])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("emp_ssl: {\(text)}") }
        #expect(error?.path == "method.emp_ssl.\(path)")
    }
}
