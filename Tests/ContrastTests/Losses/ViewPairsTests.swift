import Testing
import Torch
import Views

@testable import Contrast

@Suite("All pairs of views from one matrix")
struct ViewPairsTests {
    private func loss(_ text: String) throws -> any Loss {
        let text = "method: {simclr: {loss: {\(text)}}}"
        let method = try ConfigurationReader(file: "test", text: text).read(Experiment.self).method.component
        return try #require(method as? SimCLR).loss.component.build(dimension: 6, generator: Generator(seed: 3))
    }

    private func rows(_ count: Int, stream: UInt64) throws -> [Tensor] {
        try (0..<count).map { view in
            let values = Fixture.hashed(5 * 6, stream: stream + UInt64(view))
            return try Tensor(values, shape: [5, 6]).to(.float32)
        }
    }

    /// Checks value and gradients of the first views against the loop over pairs.
    private func compare(
        _ loss: any Loss, _ one: [Tensor], _ all: [Tensor], labels: LabelSets? = nil, _ pairs: ([Tensor]) -> ViewPairs
    ) throws {
        for view in one + all { try view.setRequiresGrad() }
        let none: (first: Tensor, second: Tensor) = (one[0], one[1])
        let wanted = try loss.mean(over: pairs(one), labels: labels).objective(candidates: nil, embeddings: none)
        let atOnce = try loss.ofAllPairs(pairs(all), labels: labels)
        let found = try #require(atOnce)
        #expect(try abs(found.loss.item() - wanted.loss.item()) < 2e-6)
        #expect((found.contrast == nil) == (wanted.contrast == nil))
        if let contrast = found.contrast, let other = wanted.contrast {
            #expect(try abs(contrast.item() - other.item()) < 2e-6 && !contrast.requiresGrad)
        }
        try wanted.loss.backward()
        try found.loss.backward()
        for (a, b) in zip(all, one) {
            let found: [Float] = try #require(try a.grad()).toArray()
            let wanted: [Float] = try #require(try b.grad()).toArray()
            let largest = wanted.reduce(0) { max($0, abs($1)) }
            #expect(largest > 0 && zip(found, wanted).allSatisfy { abs($0 - $1) <= 1e-5 * max(largest, 0.1) })
        }
    }

    private static let losses = [
        "nt_xent: {temperature: 0.2}", "nt_xent: {normalize: false}", "dcl: {}", "dclw: {}",
        "debiased: {tau_plus: 0.05}",
        "hcl: {tau_plus: 0.05}", "sup_con: {}", "hard_negatives: {hardest: 3, semi_hard: true}",
        "fnc: {top: 2, threshold: 0}", "fnc: {top: 2, threshold: 0, strategy: attract}",
        "info_nce: {critic: {cosine: {temperature: 0.2}}}", "info_nce: {symmetric: true}",
    ]

    @Test("Views of one network", arguments: losses, [(2, 2), (3, 3), (4, 2), (5, 1)])
    func viewsOfOneNetwork(text: String, views: (count: Int, anchors: Int)) throws {
        for labels in [LabelSets(classes: [0, 1, 0, -1, 1]), LabelSets([[0, 1], [1], [2, 0, 1], [], [1]])] {
            try compare(loss(text), rows(views.count, stream: 10), rows(views.count, stream: 10), labels: labels) {
                ViewPairs($0, anchors: views.anchors)
            }
        }
    }

    @Test(
        "Queries and keys",
        arguments: [
            "info_nce: {critic: {cosine: {temperature: 0.2}}}", "info_nce: {critic: {dot: {temperature: 0.7}}}",
            "info_nce: {symmetric: true}",
        ], [(2, 2), (3, 2), (4, 4)])
    func queriesAndKeys(text: String, views: (queries: Int, keys: Int)) throws {
        let keys = try rows(views.keys, stream: 40)
        try compare(loss(text), rows(views.queries, stream: 10), rows(views.queries, stream: 10)) {
            ViewPairs(queries: $0, keys: keys)
        }
    }

    @Test(arguments: ["info_nce: {critic: bilinear}", "alignment_uniformity: {}"])
    func otherLossesAreLeftToTheLoop(text: String) throws {
        let pairs = try ViewPairs(rows(3, stream: 1), anchors: 3)
        let atOnce = try loss(text).ofAllPairs(pairs, labels: nil)
        #expect(atOnce == nil)
    }

    @Test func theLoopTakesEveryPairOnce() throws {
        let views = try rows(4, stream: 1)
        #expect(
            ViewPairs(views, anchors: 2).indices.map { [$0.first, $0.second] } == [
                [0, 1], [0, 2], [0, 3], [1, 2], [1, 3],
            ])
        let pairs = ViewPairs(queries: views, keys: Array(views.prefix(2)))
        #expect(pairs.indices.map { [$0.first, $0.second] } == [[0, 1], [1, 0], [2, 0], [2, 1], [3, 0], [3, 1]])
    }
}
