import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("MoCo")
struct MoCoTests {
    private func settings(_ text: String) throws -> MoCo {
        let text = "method: {moco: {\(text)}}"
        let method = try ConfigurationReader(file: "test", text: text).read(Experiment.self).method.component
        return try #require(method as? MoCo)
    }

    private func model(_ settings: MoCo, seed: UInt64 = 4) throws -> MoCoModel {
        let model = try settings.build(encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: seed))
        return try #require(model as? MoCoModel)
    }

    private func images(_ count: Int, stream: UInt64, side: Int = 8) throws -> Tensor {
        try Tensor(Fixture.hashed(count * 3 * side * side, stream: stream), shape: [count, 3, side, side]).to(.float32)
    }

    private func rows(_ tensor: Tensor) throws -> Naive.Rows {
        let (values, width): ([Double], Int) = (try tensor.toArray(), tensor.shape[1])
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    private func state(_ module: any Module) throws -> [String: [Float]] {
        try module.stateDict.mapValues { try $0.toArray() }
    }

    /// Shifts every trained weight, as a step of an optimiser would.
    private func shift(_ model: MoCoModel, by amount: Double) throws {
        for (_, parameter) in model.namedParameters {
            try withoutGradients { try parameter.value.copy(from: parameter.value + amount) }
        }
    }

    private let small = "queue: 7, norm_groups: 1, head: {mlp: {output: 4}}, momentum: 0.75"

    @Test func theLossIsTheFormulaOverQueriesKeysAndTheQueue() throws {
        let model = try model(settings(small))
        for step in 0..<3 {
            let views = try images(10, stream: UInt64(step))
            let queue = try rows(model.queue.keys.value)
            // The copy as it will be in this step, on images that have not moved its statistics.
            let twin = try self.model(settings(small), seed: 9)
            try twin.load(stateDict: model.stateDict)
            try twin.momentum.follow(momentum: 0.75)
            let halves = try views.chunk(2, dim: 0)
            let q = try twin.head(twin.encoder(halves[0], training: true), training: true)
            let k = try twin.momentum.projector.head(
                twin.momentum.projector.encoder(halves[1], training: true), training: true)
            let anchors = Naive.anchors(
                Naive.unit(try rows(q)), Naive.unit(try rows(k)), queue: Naive.unit(queue), 0.2)
            let objective = try model.objective([ViewTensor(images: views, count: 2)])
            #expect(try abs(objective.loss.item() - Naive.ntXent(anchors)) < 2e-6)
            #expect(objective.candidates == 8)
            #expect(try rows(objective.embeddings.second) == rows(k))
            // The keys are in the queue now, the oldest ones gone.
            let next = try rows(model.queue.keys.value)
            for (place, key) in try rows(k).enumerated() { #expect(next[(step * 5 + place) % 7] == key) }
            try objective.loss.backward()
            try shift(model, by: 0.01)
        }
    }

    @Test func theCopyFollowsAndNoGradientMovesIt() throws {
        let model = try model(settings(small))
        #expect(try state(model.momentum.projector.encoder) == state(model.encoder))
        #expect(try state(model.momentum.projector.head) == state(model.head))
        #expect(model.namedParameters.allSatisfy { !$0.key.hasPrefix("momentum") && !$0.key.hasPrefix("queue") })
        let keys = model.stateDict.keys.filter { $0.hasPrefix("momentum.") }.map { String($0.dropFirst(9)) }
        #expect(Set(keys) == Set(model.stateDict.keys.filter { $0.hasPrefix("encoder.") || $0.hasPrefix("head.") }))
        for step in 0..<3 {
            try shift(model, by: 0.1)
            let (before, led) = (try state(model.momentum), try state(model))
            let objective = try model.objective([ViewTensor(images: images(10, stream: UInt64(step)), count: 2)])
            try objective.loss.backward()
            let after = try state(model.momentum)
            for (key, parameter) in model.namedParameters {
                #expect(try parameter.value.grad() != nil, "\(key)")
                let triples = zip(zip(try #require(before[key]), try #require(led[key])), try #require(after[key]))
                for ((own, leader), found) in triples { #expect(abs(found - (0.75 * own + 0.25 * leader)) < 1e-6) }
            }
            #expect(model.momentum.stateDict.values.allSatisfy { !$0.requiresGrad })
        }
    }

    @Test func theMomentumRisesOverTheRun() throws {
        let model = try model(settings("queue: 16, norm_groups: 1, momentum: {from: 0, to: 1, shape: linear}"))
        let key = "encoder.convolutions.0.weight"
        let views = [ViewTensor(images: try images(8, stream: 1), count: 2)]
        for (progress, wanted) in [(0.0, 1.0), (0.25, 0.75), (1.0, 0.0)] {
            let before = try #require(try state(model.momentum)[key])
            try shift(model, by: 1)
            let led = try #require(try state(model)[key])
            _ = try model.objective(ContrastiveBatch(branches: views, progress: progress))
            let after = try #require(try state(model.momentum)[key])
            for (place, found) in after.enumerated() {
                #expect(abs(found - before[place] - Float(wanted) * (led[place] - before[place])) < 1e-5)
            }
        }
    }

    @Test func bothViewsGiveKeysWhereItIsSymmetric() throws {
        let text = "queue: 12, norm_groups: 1, symmetric: true, momentum: 1"
        let model = try model(settings(text))
        let views = try images(10, stream: 3)
        let queue = try rows(model.queue.keys.value)
        let halves = try views.chunk(2, dim: 0)
        func embed(_ module: MoCoModel, _ view: Int) throws -> (query: Naive.Rows, key: Naive.Rows) {
            let query = try module.head(module.encoder(halves[view], training: true), training: true)
            let network = module.momentum.projector
            return (
                Naive.unit(try rows(query)),
                try rows(network.head(network.encoder(halves[view], training: true), training: true))
            )
        }
        let twin = try self.model(settings(text))
        let (first, second) = (try embed(twin, 0), try embed(twin, 1))
        let objective = try model.objective([ViewTensor(images: views, count: 2)])
        let wanted = [(first.query, second.key), (second.query, first.key)].map {
            Naive.ntXent(Naive.anchors($0.0, Naive.unit($0.1), queue: queue, 0.2))
        }
        #expect(try abs(objective.loss.item() - Naive.mean(wanted)) < 2e-6)
        #expect(try Array(rows(model.queue.keys.value).prefix(10)) == first.key + second.key)
    }

    @Test("Other views than the second are queries") func moreViews() throws {
        let model = try model(settings(small + ", negatives: {from: 3, to: 7, shape: linear}"))
        let branches = [
            ViewTensor(images: try images(8, stream: 1), count: 2),
            ViewTensor(images: try images(12, stream: 2, side: 4), count: 3),
        ]
        let objective = try model.objective(ContrastiveBatch(branches: branches, progress: 0.5))
        #expect(objective.candidates == 6)
        #expect(try model.queue.next.value.item() == 4)
        #expect(objective.embeddings.first.shape == [4, 4])
    }

    @Test("Objectives over the queue report MoCo's bound", arguments: ["dcl", "debiased", "hcl"])
    func otherObjectives(loss: String) throws {
        let model = try model(settings(small + ", loss: \(loss)"))
        let objective = try model.objective([ViewTensor(images: images(8, stream: 1), count: 2)])
        let contrast = try #require(objective.contrast)
        #expect(objective.candidates == 8)
        #expect(try contrast.item() != objective.loss.item())
    }

    @Test(
        "Settings that cannot be used are named",
        arguments: [
            ("queue: 0", "queue"), ("momentum: 1.5", "momentum"), ("momentum: {from: 0.9, to: 2}", "momentum.to"),
            ("norm_groups: 0", "norm_groups"), ("loss: sup_con", "loss"), ("loss: alignment_uniformity", "loss"),
            ("loss: {info_nce: {symmetric: true}}", "loss.info_nce.symmetric"),
            ("queue: 100, negatives: 101", "negatives"),
            ("loss: {nt_xent: {temperature: 0}}", "loss.nt_xent.temperature"),
        ])
    func invalidSettings(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try settings(text) }
        #expect(error?.path == "method.moco.\(path)")
    }
}

@Suite("Parts of a batch")
struct BatchPartsTests {
    @Test("Every row comes back in its place", arguments: [2, 5, 8, 9, 16], [1, 2, 3, 8])
    func rowsComeBack(rows: Int, parts: Int) throws {
        let x = try Tensor((0..<rows).map { Double($0) }, shape: [rows, 1])
        for strided in [false, true] {
            var seen: [[Int]] = []
            let found = try BatchParts(count: parts, strided: strided)(x) { (part: Tensor) throws(TorchError) in
                seen.append(try part.toArray(Double.self).map { Int($0) })
                return try part * 2
            }
            #expect(try found.toArray(Double.self) == (0..<rows).map { Double(2 * $0) })
            let count = max(1, min(parts, rows / 2))
            #expect(seen.count == count && seen.allSatisfy { $0.count >= 2 })
            #expect(seen.flatMap { $0 }.sorted() == Array(0..<rows))
            for (place, part) in seen.enumerated() where strided && count > 1 {
                #expect(part.allSatisfy { $0 % count == place })
            }
            for part in seen where !strided { #expect(part == Array(part[0]..<part[0] + part.count)) }
        }
    }

    @Test func batchNormSeesEachPartAlone() throws {
        let x = try Tensor(Fixture.hashed(24, stream: 1), shape: [8, 3]).to(.float32)
        let norm = try BatchNorm(3)
        let found = try BatchParts(count: 2)(x) { (part: Tensor) throws(TorchError) in try norm(part, training: true) }
        for half in try found.detach().chunk(2, dim: 0) {
            let means: [Double] = try half.mean(dim: 0).toArray()
            #expect(means.allSatisfy { abs($0) < 1e-6 })
        }
        #expect(try norm.stateDict["num_batches_tracked"]?.item() == 2)
    }
}
