import Testing
import Torch
import Views

@testable import Contrast

@Suite("NNCLR")
struct NNCLRTests {
    private let text =
        "nnclr: {head: {mlp: {hidden: 6, output: 4}}, predictor: {mlp: {hidden: 3, output: 4}}, queue: 12, "
        + "loss: {info_nce: {critic: {cosine: {temperature: 0.2}}}}}"

    @Test func neighboursAreThePositives() throws {
        let (model, twin) = (try MethodFixture.model(text), try MethodFixture.model(text))
        let own = try #require(twin as? NNCLRModel)
        let support = try MethodFixture.rows(own.queue.keys.value)
        let branches = try MethodFixture.branches([2])
        var (neighbours, predictions, first) = ([Naive.Rows](), [Naive.Rows](), Naive.Rows())
        for images in try branches[0].images.chunk(2, dim: 0) {
            let view = try own.projector(images, training: true)
            predictions.append(try Naive.unit(MethodFixture.rows(own.predictor(view, training: true))))
            let rows = try MethodFixture.rows(view)
            if first.isEmpty { first = Naive.unit(rows) }
            neighbours.append(
                rows.compactMap { row in support.max { Naive.cosine($0, row) < Naive.cosine($1, row) } })
        }
        let wanted = (0..<2).map { i in
            Naive.infoNCE(Naive.products(Naive.unit(neighbours[i]), predictions[1 - i], tau: 0.2))
        }
        let objective = try model.objective(branches)
        #expect(try abs(objective.loss.item() - Naive.mean(wanted)) < 2e-6)
        #expect(objective.candidates == 5)
        try MethodFixture.expectGradients(of: objective, in: model, parts: ["encoder", "head", "predictor"])
        // The queue now begins with the first view.
        let queue = try MethodFixture.rows(try #require(model as? NNCLRModel).queue.keys.value)
        for (row, wanted) in zip(queue, first) { #expect(zip(row, wanted).allSatisfy { abs($0 - $1) < 1e-6 }) }
        #expect(try abs(Naive.cosine(queue[5], support[5]) - 1) < 1e-6)
    }

    @Test(arguments: [
        ("queue: 0", "queue"), ("predictor: {mlp: {output: 64}}", "predictor.mlp.output"),
        ("loss: {dcl: {temperature: 0}}", "loss.dcl.temperature"),
    ])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try MethodFixture.model("nnclr: {\(text)}") }
        #expect(error?.path == "method.nnclr.\(path)")
    }
}
