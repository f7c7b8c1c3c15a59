import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Steps that are not finite", .serialized)
struct NonfiniteTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    /// Batches with image 5 fail: one of three in every pass before `until`.
    private func experiment(
        _ policy: NonfinitePolicy, _ fault: Faulty.Fault = .lossIsNaN, images: [Int] = [5], until: Double = 1,
        _ overrides: String...
    ) throws -> Experiment {
        var experiment = try tinyExperiment("training.epochs=4")
        let moco = "method={moco: {queue: 12, norm_groups: 2, momentum: {from: 0.5, to: 1}, head: {mlp: {output: 8}}}}"
        var faulty = Faulty()
        faulty.inner = try tinyExperiment(moco).method
        faulty.fault = fault
        faulty.images = images
        faulty.until = until
        experiment.method = Selected(faulty)
        experiment.training.onNonfinite = policy
        return experiment
    }

    private func images() throws -> ImageFolder { try makeImages(["blue", "green", "red"], each: 8, in: home) }

    @Test(
        "Such a step leaves the state as it was", arguments: [Faulty.Fault.lossIsNaN, .lossIsInfinite, .gradientIsNaN])
    func leavesNothingBehind(fault: Faulty.Fault) throws {
        let experiment = try experiment(.skip, fault)
        let model = try experiment.method.component.build(
            encoder: architecture("resnet18: {width: 2, stem: small}"), generator: Generator(seed: 1))
        let before = try model.stateDict.mapValues { try $0.toArray(Float.self) }
        let guarded = try StepGuard(model, policy: .skip)
        try guarded.begin()
        let views = try Tensor.cat([Fixture.images([8, 8]), Fixture.images([8, 8]) * 0.9], dim: 0)
        let objective = try model.objective([ViewTensor(images: views, count: 2)])
        try objective.loss.backward()
        // The forward pass has moved more than nothing, or there would be nothing to take back.
        #expect(try model.stateDict.mapValues { try $0.toArray(Float.self) } != before)
        let error = #expect(throws: NonfiniteStep.self) { try guarded.check(loss: objective.loss.item()) }
        #expect(error?.loss.isFinite == (fault == .gradientIsNaN))
        #expect(error?.gradient.isFinite == (fault == .lossIsInfinite))
        #expect(try model.stateDict.mapValues { try $0.toArray(Float.self) } == before)
    }

    @Test func theNormIsThatOfAllGradients() throws {
        let parameters = try [Parameter(Tensor([3.0, 1], shape: [2])), Parameter(Tensor([2.0], shape: [1]))]
        #expect(try Parameter.gradientNorm(parameters) == 0)
        try (parameters[0].value * parameters[0].value).sum().backward()
        try (parameters[1].value * 5.0).sum().backward()
        #expect(abs(try Parameter.gradientNorm(parameters) - (36.0 + 4 + 25).squareRoot()) < 1e-9)
    }

    @Test func stopNamesTheBatch() throws {
        let run = Run(home, "a")
        let error = #expect(throws: TrainingError.self) {
            try run.train(experiment(.stop, until: 0.5), images())
        }
        #expect(error?.kind == .failed)
        #expect(error?.reason.contains("nonfinite.jsonl") == true)
        #expect(error?.reason.contains("lower training.optimizer.sgd.lr") == true)
        let records = try run.lines(run.folder.nonfinite)
        #expect(records.count == 1)
        #expect(records[0]["loss"] as? String == "NaN")
        #expect(records[0]["epoch"] as? Int == 1)
        #expect((records[0]["samples"] as? [Int])?.count == 8)
        #expect((records[0]["names"] as? [String])?.contains("blue/15.png") == true)
    }

    @Test("A run that was stopped goes on, leaving such batches out") func resumesWithAnotherPolicy() throws {
        let images = try images()
        // Batches of the second half fail, so that there is a checkpoint.
        var stops = try experiment(.stop)
        stops.training.checkpointEvery = 1
        var faulty = Faulty()
        faulty.images = [5]
        faulty.from = 0.5
        stops.method = Selected(faulty)
        let run = Run(home, "a")
        #expect(throws: TrainingError.self) { try run.train(stops, images) }
        #expect(try run.lines(run.folder.nonfinite).count == 1)
        stops.training.onNonfinite = .skip
        #expect(try run.train(stops, images, resume: true) == .finished)
        #expect(try run.lines(run.folder.nonfinite).count == 2)
    }

    @Test("Left out batches, and those only, are missing, and a resumed run is the same", arguments: [2, 3, 5, 7])
    func skips(stop: Int) throws {
        let images = try images()
        let whole = Run(home, "whole")
        let experiment = try experiment(.skip, .gradientIsNaN, until: 0.7)
        #expect(try whole.train(experiment, images, heldOut: images) == .finished)
        // 12 batches, of which one of each of the first two passes fails, and of the third where it comes early.
        let records = try whole.lines(whole.folder.nonfinite)
        #expect((2...3).contains(records.count))
        #expect(whole.recorder.steps.count == 12 - records.count)
        #expect(whole.recorder.notices.filter { $0.contains("skipped") }.count == records.count)
        #expect(try whole.state().values.allSatisfy { $0.allSatisfy(\.isFinite) })
        let stopped = Run(home, "stopped")
        #expect(try stopped.train(experiment, images, heldOut: images, stopAfter: stop) == .interrupted)
        #expect(try stopped.train(experiment, images, heldOut: images, resume: true) == .finished)
        #expect(try stopped.state() == whole.state())
        #expect(try stopped.metrics("step") == whole.metrics("step"))
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: stopped.folder.nonfinite))
                == Data(contentsOf: URL(fileURLWithPath: whole.folder.nonfinite)))
    }

    @Test func halvesTheRateFromThereOn() throws {
        let images = try images()
        let skipped = Run(home, "skip")
        let halved = Run(home, "halve")
        #expect(try skipped.train(experiment(.skip), images) == .finished)
        #expect(try halved.train(experiment(.halve), images, stopAfter: 4) == .interrupted)
        #expect(try halved.train(experiment(.halve), images, resume: true) == .finished)
        let places = try halved.lines(halved.folder.nonfinite).compactMap { $0["step"] as? Int }
        #expect(places.count == 4)
        for (one, other) in zip(try skipped.metrics("step"), try halved.metrics("step")) {
            let step = Int(try #require(one["step"]))
            let halvings = places.filter { $0 < step }.count
            let ratio = try #require(other["lr"]) / #require(one["lr"])
            #expect(abs(ratio - pow(0.5, Double(halvings))) < 1e-12)
        }
    }

    @Test func aRunOfNothingElseEnds() throws {
        let images = try images()
        let all = try experiment(.skip, images: Array(0..<24))
        let error = #expect(throws: TrainingError.self) { try Run(home, "a").train(all, images) }
        #expect(error?.reason.contains("a finite loss") == true)
        // Before the end of a pass of more batches than may fail in a row.
        var small = all
        small.training.batchSize = 2
        var faulty = Faulty()
        faulty.images = Array(0..<36)
        small.method = Selected(faulty)
        let more = try makeImages(["blue", "green", "red"], each: 12, in: home)
        let row = #expect(throws: TrainingError.self) { try Run(home, "b").train(small, more) }
        #expect(row?.reason.contains("the 17th in a row") == true)
    }

    @Test func tooLittleMemorySaysWhatToLower() throws {
        let run = Run(home, "a")
        let error = #expect(throws: TrainingError.self) { try run.train(experiment(.stop, .memory), images()) }
        #expect(error?.kind == .failed)
        for word in ["out of memory", "training.chunk", "training.batch_size (now 8)", "encoder.convnet"] {
            #expect(error?.reason.contains(word) == true, "\(error?.reason ?? "")")
        }
    }
}
