import Testing
import Torch
import Views

@testable import Contrast

@Suite("DINO")
struct DINOTests {
    private let text =
        "dino: {head: {mlp: {hidden: 6, output: 4, batch_norm: false, activation: gelu}}, prototypes: 5, "
        + "momentum: 0.75, teacher_temperature: 0.05, frozen_epochs: 0}"

    @Test(arguments: [[2], [2, 2]])
    func studentsPredictTheTeacher(counts: [Int]) throws {
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let own = try #require(twin as? DINOModel)
        let branches = try MethodFixture.branches(counts)
        let prototypes = try Naive.unit(MethodFixture.rows(own.prototypes.weight.value))
        func cosines(_ view: Tensor) throws -> Naive.Rows {
            Naive.products(Naive.unit(try MethodFixture.rows(view)), prototypes, tau: 1)
        }
        var (students, teachers) = ([Naive.Rows](), [Naive.Rows]())
        for branch in branches {
            students += try own.projector(branch.images, training: true).chunk(branch.count, dim: 0).map(cosines)
            teachers += try own.momentum.projector(branch.images, training: true).chunk(branch.count, dim: 0)
                .map(cosines)
        }
        teachers = Array(teachers.prefix(2))
        // Twice, so that the centre counts in the second step.
        var center = [Double](repeating: 0, count: 5)
        for _ in 0..<2 {
            var wanted: [Double] = []
            for (target, rows) in teachers.enumerated() {
                let targets = rows.map { Naive.softmax(zip($0, center).map { ($0 - $1) / 0.05 }) }
                for (view, scores) in students.enumerated() where view != target {
                    wanted.append(Naive.crossEntropy(targets, scores.map { $0.map { $0 / 0.1 } }))
                }
            }
            let objective = try model.objective(branches)
            #expect(try abs(objective.loss.item() - Naive.mean(wanted)) < 2e-5)
            #expect(objective.candidates == nil)
            let means = Naive.columns(teachers[0] + teachers[1]).map(Naive.mean)
            center = zip(center, means).map { 0.9 * $0 + 0.1 * $1 }
        }
        let state = try #require(model as? DINOModel).center.value.toArray(Double.self)
        #expect(zip(state, center).allSatisfy { abs($0 - $1) < 1e-6 })
        try MethodFixture.expectGradients(
            of: model.objective(branches), in: model, parts: ["encoder", "head", "prototypes"])
    }

    @Test func theTeacherFollowsWithItsPrototypes() throws {
        let model = try #require(try MethodFixture.model(text) as? DINOModel)
        let weight = model.prototypes.weight.value
        let before: [Float] = try model.teacherPrototypes.weight.value.toArray()
        try withoutGradients { try weight.copy(from: weight + 1) }
        _ = try model.objective(MethodFixture.branches([2]))
        let after: [Float] = try model.teacherPrototypes.weight.value.toArray()
        #expect(zip(before, after).allSatisfy { abs($1 - $0 - 0.25) < 1e-6 })
    }

    @Test(arguments: [
        ("prototypes: 1", "prototypes"), ("student_temperature: 0", "student_temperature"),
        ("teacher_temperature: {from: 0.04, to: 0}", "teacher_temperature.to"), ("momentum: 2", "momentum"),
        ("center_momentum: 2", "center_momentum"),
    ])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("dino: {\(text)}") }
        #expect(error?.path == "method.dino.\(path)")
    }
}
