import Testing
import Torch
import Views

@testable import Contrast

@Suite("All views at once")
struct ViewGridLossTests {
    private func loss(_ text: String) throws -> any PairLoss {
        let file = "method: {moco_v3: {loss: {info_nce: {\(text)}}}}"
        let method = try ConfigurationReader(file: "test", text: file).read(Experiment.self).method.component
        return try #require(method as? MoCoV3).loss.component.build(dimension: 6, generator: Generator(seed: 3))
    }

    private func rows(_ count: Int, stream: UInt64) throws -> [Tensor] {
        try (0..<count).map { view in
            let values = Fixture.hashed(5 * 6, stream: stream + UInt64(view))
            return try Tensor(values, shape: [5, 6]).to(.float32)
        }
    }

    @Test(
        "Value and gradients are those of the pairs one by one",
        arguments: ["critic: {cosine: {temperature: 0.2}}", "critic: {dot: {temperature: 0.7}}"],
        [(2, 2), (3, 2), (4, 4)])
    func theMeanOverPairs(text: String, views: (queries: Int, keys: Int)) throws {
        let loss = try loss(text)
        let keys = try rows(views.keys, stream: 40)
        let (one, all) = (try rows(views.queries, stream: 10), try rows(views.queries, stream: 10))
        for query in one + all { try query.setRequiresGrad() }
        var losses: [Tensor] = []
        for (view, query) in one.enumerated() {
            for (other, key) in keys.enumerated() where other != view {
                losses.append(try loss(query, key, labels: nil))
            }
        }
        let wanted = try mean(losses)
        let grid = try #require(loss as? any ViewGridLoss)
        let atOnce = try grid(queries: all, keys: keys)
        let found = try #require(atOnce)
        #expect(try abs(found.item() - wanted.item()) < 2e-6)
        try wanted.backward()
        try found.backward()
        for (a, b) in zip(all, one) {
            let found: [Float] = try #require(try a.grad()).toArray()
            let wanted: [Float] = try #require(try b.grad()).toArray()
            #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-6 })
        }
    }

    @Test(arguments: ["symmetric: true", "critic: {separable: {hidden: 8}}"])
    func otherSettingsAreLeftToThePairs(text: String) throws {
        let loss = try #require(try loss(text) as? any ViewGridLoss)
        let isNil = try loss(queries: rows(2, stream: 1), keys: rows(2, stream: 5)) == nil
        #expect(isNil || text.contains("separable"))
    }
}
