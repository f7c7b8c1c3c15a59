import Testing
import Torch
import Views

@testable import Contrast

@Suite("LeJEPA")
struct LeJEPATests {
    private let text = "lejepa: {head: {mlp: {hidden: 6, output: 4}}, directions: 7}"

    @Test func theStatisticIsThatOfEppsAndPulley() throws {
        let directions = Naive.unit(MethodFixture.views(40, count: 3)[0])
        try MethodFixture.expect(
            [MethodFixture.views(42, count: 8)[0]], { Naive.eppsPulley($0[0], directions: directions) }
        ) {
            try LeJEPA().statistic($0[0], along: Fixture.tensor(directions).to($0[0].dtype))
        }
    }

    @Test func gaussianRowsHaveASmallStatisticAndEqualRowsALargeOne() throws {
        let generator = try Generator(seed: 1)
        let directions = try generator.normal([64, 4], std: 1).normalizedRows()
        let gaussian = try LeJEPA().statistic(generator.normal([2000, 4], std: 1), along: directions).item()
        let equal = try LeJEPA().statistic(Tensor.zeros([2000, 4]), along: directions).item()
        // Under the hypothesis the expectation does not depend on N.
        #expect(gaussian < 2 && equal > 100 * gaussian)
    }

    @Test func viewsPredictTheMeanOfTheFirstBranch() throws {
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let branches = try MethodFixture.branches([2, 1])
        let views = try branches.flatMap { branch in
            try twin.projector(branch.images, training: true).chunk(branch.count, dim: 0).map(MethodFixture.rows)
        }
        let center = zip(views[0], views[1]).map { zip($0, $1).map { ($0 + $1) / 2 } }
        let distances = views.map { view in Naive.mean(zip(view, center).map { Naive.distance($0, $1) / 4 }) }
        var stream = RandomStream(RandomKey(seed: 3, epoch: 0, purpose: .sketchDirections))
        let directions = try MethodFixture.rows(
            Generator(seed: UInt64(stream.next())).normal([7, 4], std: 1).normalizedRows())
        let statistics = views.map { Naive.eppsPulley($0, directions: directions) }
        let objective = try model.objective(branches)
        let wanted = 0.95 * Naive.mean(distances) + 0.05 * Naive.mean(statistics)
        #expect(try abs(objective.loss.item() - wanted) < 5e-6)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head"])
        // Another step has other directions.
        #expect(try abs(model.objective(branches).loss.item() - wanted) > 1e-5)
    }

    @Test(arguments: [("lambda: 2", "lambda"), ("directions: 0", "directions")])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("lejepa: {\(text)}") }
        #expect(error?.path == "method.lejepa.\(path)")
    }
}
