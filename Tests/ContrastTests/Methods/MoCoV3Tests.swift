import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("MoCo v3")
struct MoCoV3Tests {
    private let mlp = "head: {mlp: {hidden: 6, output: 4}}, predictor: {mlp: {hidden: 6, output: 4}}"

    private func model(_ text: String) throws -> MoCoV3Model {
        let text = "method: {moco_v3: {\(text)}}"
        let method = try ConfigurationReader(file: "test", text: text).read(Experiment.self).method.component
        let model = try method.build(encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: 4))
        return try #require(model as? MoCoV3Model)
    }

    private func rows(_ tensor: Tensor) throws -> Naive.Rows {
        let (values, width): ([Double], Int) = (try tensor.toArray(), tensor.shape[1])
        return Naive.unit(stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) })
    }

    @Test("The loss is the mean of both directions", arguments: [[2], [3], [1, 1], [2, 1]], [false, true])
    func theLoss(branches: [Int], together: Bool) throws {
        let (count, keyed) = (branches.reduce(0, +), max(2, branches[0]))
        let text =
            mlp + ", together: \(together), momentum: 0.75, loss: {info_nce: {critic: {cosine: {temperature: 0.2}}}}"
        let (model, twin) = (try model(text), try model(text))
        let images = try Tensor(Fixture.hashed(count * 5 * 3 * 64, stream: 1), shape: [count * 5, 3, 8, 8]).to(.float32)
        var (start, tensors, queries, keys): (Int, [ViewTensor], [Naive.Rows], [Naive.Rows]) = (0, [], [], [])
        for count in branches {
            let part = try images.narrow(dim: 0, start: start * 5, length: count * 5)
            tensors.append(ViewTensor(images: part, count: count))
            for pass in try together ? [part] : part.chunk(count, dim: 0) {
                let query = try twin.predictor(
                    twin.head(twin.encoder(pass, training: true), training: true), training: true)
                let key = try twin.momentum.projector.head(
                    twin.momentum.projector.encoder(pass, training: true), training: true)
                queries += try query.chunk(pass.shape[0] / 5, dim: 0).map(rows)
                keys += try key.chunk(pass.shape[0] / 5, dim: 0).map(rows)
            }
            start += count
        }
        keys = Array(keys.prefix(keyed))
        var wanted: [Double] = []
        for (view, query) in queries.enumerated() {
            for (other, key) in keys.enumerated() where other != view {
                wanted.append(Naive.infoNCE(Naive.products(query, key, tau: 0.2)))
            }
        }
        #expect(wanted.count == keyed * (count - 1))
        let objective = try model.objective(tensors)
        #expect(try abs(objective.loss.item() - Naive.mean(wanted)) < 2e-6)
        #expect(objective.candidates == 5)
        try objective.loss.backward()
        for (key, parameter) in model.namedParameters { #expect(try parameter.value.grad() != nil, "\(key)") }
        let trained = Set(model.namedParameters.map { String($0.key.prefix { $0 != "." }) })
        #expect(trained == ["encoder", "head", "predictor"])
    }

    @Test func theOutputOfTheHeadIsNormalisedWithoutScaleAndShift() throws {
        let model = try model(mlp)
        let x = try Tensor(Fixture.hashed(8 * 16, stream: 1), shape: [8, 16]).to(.float32)
        let found = try model.head(x, training: true).detach()
        let (means, squares): ([Double], [Double]) = (
            try found.mean(dim: 0).toArray(), try found.pow(2).mean(dim: 0).toArray()
        )
        #expect(means.allSatisfy { abs($0) < 1e-5 } && squares.allSatisfy { abs($0 - 1) < 0.05 })
        #expect(model.stateDict["head.output_norm.running_mean"] != nil)
        #expect(model.stateDict["predictor.output_norm.running_mean"] == nil)
        #expect(!model.namedParameters.contains { $0.key.hasPrefix("head.output_norm") })
        #expect(model.stateDict["momentum.head.output_norm.running_mean"] != nil)
    }

    @Test(
        "Settings that cannot be used are named",
        arguments: [
            ("momentum: {from: -1, to: 1}", "momentum.from"), ("queue: 4096", "queue"),
            ("predictor: {mlp: {output: 128}}", "predictor.mlp.output"),
            ("loss: {dcl: {temperature: 0}}", "loss.dcl.temperature"),
        ])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try model(text) }
        #expect(error?.path == "method.moco_v3.\(path)")
    }
}
