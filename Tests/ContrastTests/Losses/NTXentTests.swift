import Foundation
import Testing
import Torch

@testable import Contrast

/// The formula written out: nt_xent.json.
struct NTXentFixture: Decodable {
    struct Input: Decodable {
        var name: String
        var z1: [[Double]]
        var z2: [[Double]]
    }
    struct Case: Decodable {
        var input: String
        var tau: Double
        var normalised: Bool
        var loss: Double
        var float32Error: [Double]
        var grad1: [[Double]]
        var grad2: [[Double]]
    }
    var inputs: [Input]
    var cases: [Case]
}

@Suite("NT-Xent")
struct NTXentTests {
    @Test("Value and gradients are those of the formula", arguments: [DType.float64, .float32])
    func equalsTheFormula(dtype: DType) throws {
        let fixture = try Fixture.read("nt_xent", as: NTXentFixture.self)
        #expect(fixture.cases.count == 40)
        for test in fixture.cases {
            let input = try #require(fixture.inputs.first { $0.name == test.input })
            let views = try [input.z1, input.z2].map { try Fixture.tensor($0).to(dtype) }
            for view in views { try view.setRequiresGrad() }
            let loss = try NTXent(temperature: test.tau, normalize: test.normalised)(views[0], views[1])
            try loss.backward()
            let (valueError, gradientError) =
                dtype == .float64
                ? (1e-9, 1e-9) : (max(1e-5, 5 * test.float32Error[0]), max(1e-5, 5 * test.float32Error[1]))
            let note: Comment = "\(test.input), tau \(test.tau), normalised \(test.normalised)"
            #expect(try abs(loss.item() - test.loss) <= valueError * max(abs(test.loss), 1e-3), note)
            let scale = (test.grad1 + test.grad2).joined().reduce(1e-3) { max($0, abs($1)) }
            for (view, wanted) in zip(views, [test.grad1, test.grad2]) {
                let gradient = try #require(try view.grad())
                // Rows that are all equal cancel: what is left is rounding, which 1 / tau multiplies.
                let floor = test.input == "equal" ? max(1, 1 / test.tau) : scale
                #expect(try difference(gradient, wanted, floor: floor) <= gradientError, note)
            }
        }
    }

    @Test(arguments: [2, 7], [0.01, 0.5]) func equalRowsGiveTheLogarithmOfTheCandidates(pairs: Int, tau: Double) throws
    {
        let row = try Tensor([0.3, -0.2, 0.9], shape: [1, 3]) * Tensor.ones([pairs, 1], dtype: .float64)
        let loss = NTXent(temperature: tau)
        #expect(try abs(loss(row, row).item() - log(Double(2 * pairs - 1))) < 1e-12)
        #expect(loss.candidates(pairs: pairs) == 2 * pairs - 1)
    }

    @Test("At tau 0.01 nothing overflows, whatever the precision", arguments: [DType.float32, .float16, .bfloat16])
    func smallTemperatures(dtype: DType) throws {
        let views = try [5, 6].map { try Tensor(Fixture.hashed(8 * 16, stream: $0), shape: [8, 16]).to(dtype) }
        for view in views { try view.setRequiresGrad() }
        let loss = try NTXent(temperature: 0.01)(views[0], views[1])
        // The same numbers, carried exactly into float64.
        let exact = try NTXent(temperature: 0.01)(views[0].to(.float64), views[1].to(.float64)).item()
        #expect(try abs(loss.item() - exact) < 1e-5 * exact)
        try loss.backward()
        let gradient = try #require(try views[0].grad())
        #expect(gradient.dtype == dtype)
        #expect(try gradient.toArray(Float.self).allSatisfy { $0.isFinite })
    }

    @Test func aRowOfZerosHasAValueAndAGradient() throws {
        let first = try Tensor.zeros([3, 4])
        try first.setRequiresGrad()
        let loss = try NTXent()(first, Tensor(Fixture.hashed(12, stream: 1), shape: [3, 4]).to(.float32))
        try loss.backward()
        #expect(try loss.item().isFinite)
        #expect(try #require(try first.grad()).toArray(Float.self).allSatisfy { $0.isFinite })
    }

    @Test(arguments: [0, -1, .nan, .infinity]) func refusesTemperatures(tau: Double) {
        #expect(throws: (any Error).self) { try NTXent(temperature: tau).validate() }
    }

    @Test func viewsOfDifferentExtentAreAnError() {
        #expect(throws: TorchError.self) { try NTXent()(.ones([4, 3]), .ones([4, 2])) }
    }
}
