import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Instance discrimination")
struct InstanceDiscriminationTests {
    private func settings(_ text: String) throws -> InstanceDiscrimination {
        let text = "method: {instance_discrimination: {\(text)}}"
        let method = try ConfigurationReader(file: "test", text: text).read(Experiment.self).method.component
        return try #require(method as? InstanceDiscrimination)
    }

    private func model(_ text: String, images: Int) throws -> InstanceModel {
        let model = try settings(text).build(
            encoder: architecture("convnet: {width: 2}"), data: TrainingData(images: images),
            generator: Generator(seed: 4))
        return try #require(model as? InstanceModel)
    }

    private func rows(_ tensor: Tensor) throws -> Naive.Rows {
        let (values, width): ([Double], Int) = (try tensor.to(.float64).toArray(), tensor.shape[1])
        return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
    }

    private func batch(_ samples: [Int], views: Int) throws -> ContrastiveBatch {
        let count = samples.count * views
        let images = try Tensor(Fixture.hashed(count * 192, stream: 8), shape: [count, 3, 8, 8]).to(.float32)
        return ContrastiveBatch(branches: [ViewTensor(images: images, count: views)], samples: samples)
    }

    @Test(arguments: [1, 2]) func theLossIsTheFormulaOverTheBank(views: Int) throws {
        let model = try model("head: {mlp: {layers: 1, output: 4}}, negatives: 100, momentum: 0.25", images: 9)
        let samples = [7, 2, 4]
        let bank = try rows(model.bank.rows.value)
        let objective = try model.objective(batch(samples, views: views))
        // More than there are: all rows of other images repel.
        #expect(objective.candidates == 7)
        let others = (0..<9).filter { !samples.contains($0) }.map { bank[$0] }
        let firsts = try rows(objective.embeddings.first)
        var embeddings = [firsts]
        if views == 2 { embeddings.append(try rows(objective.embeddings.second)) }
        let losses = embeddings.map { z in
            Naive.ntXent(Naive.anchors(Naive.unit(z), samples.map { bank[$0] }, queue: others, 0.07))
        }
        #expect(try abs(objective.loss.item() - Naive.mean(losses)) < 1e-5)
        // Only the batch's rows have moved, towards the mean of their views.
        let moved = try rows(model.bank.rows.value)
        for image in 0..<9 {
            guard let place = samples.firstIndex(of: image) else {
                #expect(moved[image] == bank[image])
                continue
            }
            let mean = (0..<4).map { axis in Naive.mean(embeddings.map { $0[place][axis] }) }
            let wanted = Naive.unit([zip(bank[image], Naive.unit([mean])[0]).map { 0.25 * $0 + 0.75 * $1 }])[0]
            #expect(zip(moved[image], wanted).allSatisfy { abs($0 - $1) < 1e-6 })
        }
        try objective.loss.backward()
        #expect(model.namedParameters.allSatisfy { !$0.key.hasPrefix("bank") })
    }

    @Test(arguments: [3, 40, 90]) func negativesAreOthersEachOnceAndDrawnAnew(count: Int) throws {
        let bank = try MemoryBank(images: 100, dimension: 2, seed: 1, generator: Generator(seed: 1))
        var seen = Set<Int>()
        var last: [Int] = []
        for _ in 0..<20 {
            let drawn = try bank.draw(count, excluding: [5, 50, 99])
            #expect(drawn.count == count && Set(drawn).count == count)
            #expect(Set(drawn).isDisjoint(with: [5, 50, 99]) && drawn != last)
            last = drawn
            seen.formUnion(drawn)
        }
        #expect(count < 40 || seen.count == 97)
        for (seed, isSame) in [(1, true), (2, false)] as [(UInt64, Bool)] {
            let again = try MemoryBank(images: 100, dimension: 2, seed: seed, generator: Generator(seed: 1))
            try again.draws.value.copy(from: Tensor([Int64(19)], shape: []))
            #expect(try (again.draw(count, excluding: [5, 50, 99]) == last) == isSame)
        }
    }

    @Test func aStoppedRunEndsAsOneThatWasNot() throws {
        let place = try TemporaryFolder()
        let images = try makeImages(["a", "b"], each: 12, in: place)
        let machine = Machine(device: .cpu, threads: 1)
        let experiment = try tinyExperiment(
            "method={instance_discrimination: {head: {mlp: {layers: 1, output: 8}}, negatives: 6}}")
        func train(_ name: String, stopAfter steps: Int?) throws -> [String: [Float]] {
            let folder = RunFolder("\(place.path)/\(name)")
            var done = 0
            let first = try Trainer(experiment, images: images, folder: folder, machine: machine, observer: Silent())
            let outcome = try first.run {
                done += 1
                return done == steps
            }
            if outcome == .interrupted {
                var options = Trainer.Options()
                options.resumes = true
                let rest = try Trainer(
                    experiment, images: images, folder: folder, machine: machine, options: options, observer: Silent())
                #expect(try rest.run() == .finished)
            }
            return try Safetensors(contentsOf: folder.encoder).tensors.mapValues { try $0.to(.float32).toArray() }
        }
        let whole = try train("whole", stopAfter: nil)
        #expect(try train("stopped", stopAfter: 2) == whole)
    }

    @Test func nonsenseIsNamed() throws {
        for (text, path) in [
            ("negatives: 0", "negatives"), ("momentum: 1", "momentum"), ("loss: sup_con", "loss"),
            ("loss: {info_nce: {symmetric: true}}", "loss.info_nce.symmetric"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try settings(text) }
            #expect(error?.path == "method.instance_discrimination.\(path)")
        }
        let model = try model("head: {mlp: {layers: 1, output: 4}}", images: 9)
        #expect(throws: TorchError.self) { try model.objective(batch([3, 9], views: 1)) }
        let whole = try self.model("head: {mlp: {layers: 1, output: 4}}", images: 2)
        let error = #expect(throws: TorchError.self) { try whole.objective(batch([0, 1], views: 1)) }
        #expect(error?.message.contains("training.batch_size") == true)
        #expect(throws: TorchError.self) {
            try model.objective(ContrastiveBatch(branches: batch([3, 8], views: 1).branches))
        }
    }
}
