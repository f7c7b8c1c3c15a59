import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// Settings of long runs: clipping, averages, groups, schedules, scores.
@Suite("Settings of long runs", .serialized)
struct LongRunTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    /// Parameters of given gradients.
    private func parameters(_ gradients: [[Double]]) throws -> [Parameter] {
        try gradients.map { values in
            let parameter = try Parameter(Tensor.ones([values.count], dtype: .float64))
            try (parameter.value * Tensor(values, shape: [values.count])).sum().backward()
            return parameter
        }
    }

    @Test(
        "Gradients are limited as PyTorch limits them",
        arguments: [
            (nil, 1.0), (0.5, nil), (0.5, 0.6), (nil, 100), (10, nil),
        ] as [(Double?, Double?)])
    func clipping(value: Double?, norm: Double?) throws {
        let gradients = [[3.0, -0.2], [0.1, -4, 0.4]]
        let all = try parameters(gradients)
        var clip = ClippingSettings()
        (clip.value, clip.norm) = (value, norm)
        try clip.apply(to: all, length: Parameter.gradientNorm(all))
        var wanted = gradients.map { $0.map { value.map { [g = $0] limit in min(limit, max(-limit, g)) } ?? $0 } }
        if let norm {
            let length = wanted.joined().reduce(0) { $0 + $1 * $1 }.squareRoot()
            wanted = wanted.map { $0.map { $0 * min(1, norm / (length + 1e-6)) } }
        }
        for (parameter, row) in zip(all, wanted) {
            let found: [Double] = try #require(try parameter.value.grad()).toArray()
            #expect(zip(found, row).allSatisfy { abs($0 - $1) < 1e-12 }, "\(found) \(row)")
        }
    }

    @Test func theAverageFollowsTheEncoder() throws {
        let settings = try architecture("convnet: {width: 2}")
        let leader = try settings.build(generator: Generator(seed: 1))
        let average = try AveragedEncoder(
            of: leader, settings, momentum: 0.75, machine: Machine(device: .cpu, threads: 1))
        func values(_ encoder: any Encoder) throws -> [String: [Double]] {
            try encoder.stateDict.mapValues { try $0.detach().to(.float64).toArray() }
        }
        var wanted = try values(leader)
        #expect(try values(average.encoder) == wanted)
        for _ in 0..<3 {
            for (key, value) in leader.stateDict where value.dtype == .float32 {
                try value.detach().copy(from: value.detach() * 0.5 + (key.hasSuffix("weight") ? 1 : 2))
            }
            try average.follow()
            let now = try values(leader)
            for (key, old) in wanted {
                wanted[key] = zip(old, now[key] ?? []).map {
                    key.hasSuffix("num_batches_tracked") ? $1 : 0.75 * $0 + 0.25 * $1
                }
            }
        }
        for (key, found) in try values(average.encoder) {
            #expect(zip(found, wanted[key] ?? []).allSatisfy { abs($0 - $1) < 1e-6 }, "\(key)")
        }
    }

    @Test("A run with all of them goes on bit for bit, and says its scores") func resumes() throws {
        let images = try makeImages(["blue", "green", "red"], each: 8, in: home)
        let experiment = try tinyExperiment(
            "training.ema={momentum: 0.8}", "training.clip={norm: 0.5, value: 0.1}",
            "training.groups=[{match: head., lr: 2, weight_decay: 0.1}, {match: encoder., scheduled: false}]",
            "training.optimizer={adamw: {lr: 0.01, weight_decay: {from: 0.04, to: 0.4}}}",
            "training.schedule={wsd: {decay: 0.5}}", "evaluation.probe_every=1")
        let whole = Run(home, "whole")
        #expect(try whole.train(experiment, images, heldOut: images) == .finished)
        let run = Run(home, "parts")
        #expect(try run.train(experiment, images, heldOut: images, stopAfter: 2) == .interrupted)
        #expect(try run.train(experiment, images, heldOut: images, resume: true) == .finished)
        #expect(try run.state() == whole.state())
        #expect(try run.metrics("epoch") == whole.metrics("epoch"))
        for name in ["val_knn_top1", "val_knn_top1_ema", "val_probe_top1"] {
            #expect(try whole.metrics("epoch").allSatisfy { (0...1).contains($0[name] ?? -1) }, "\(name)")
        }
        // The average is in the checkpoint, and can be probed by its own file.
        let file = try EncoderFile(whole.folder.averageEncoder)
        let kept = try Safetensors(contentsOf: whole.folder.checkpoint).tensors
        for (key, value) in file.encoder.stateDict {
            let other = try #require(kept["optimizer.average.\(key)"])
            #expect(try value.detach().to(.float64).toArray(Double.self) == other.to(.float64).toArray(Double.self))
        }
        #expect(try EncoderFile.hash(whole.folder.averageEncoder) != whole.hash)
    }

    @Test(
        "A setting that cannot be is an error with its path",
        arguments: [
            ("training.clip={norm: 0}", "training.clip.norm"), ("training.clip={}", "training.clip"),
            ("training.ema={momentum: 1.5}", "training.ema.momentum"),
            ("training.groups=[{match: head., lr: -1}]", "training.groups[0].lr"),
            ("training.groups=[{lr: 1}]", "training.groups[0].match"),
            ("training.schedule={step: {epochs: [2, 1]}}", "training.schedule.step.epochs"),
            ("training.schedule={wsd: {decay: 2}}", "training.schedule.wsd.decay"),
            ("training.patience=0", "training.patience"), ("training.best=loss", "training.best"),
            ("training.best=probe", "training.best"), ("evaluation.probe_every=-1", "evaluation.probe_every"),
            ("training.optimizer={sgd: {weight_decay: {from: 0.1, to: -1}}}", "sgd.weight_decay.to"),
            ("method={byol: {momentum: {from: 0.9, to: 1, after: 0.5, until: 0.2}}}", "byol.momentum.until"),
        ])
    func errors(text: String, path: String) {
        let error = #expect(throws: ConfigurationError.self) { try tinyExperiment(text) }
        #expect(error.map { "\($0)".contains("\(path):") } == true, "\(error.map { "\($0)" } ?? "")")
    }

    @Test func aGroupOfNothingIsAnError() throws {
        let images = try makeImages(["blue", "green"], each: 8, in: home)
        let error = #expect(throws: TrainingError.self) {
            try Run(home, "a").train(tinyExperiment("training.groups=[{match: predictor.}]"), images)
        }
        let words = "training.groups[0].match: no parameter's name begins with 'predictor.'"
        #expect(error?.reason.contains(words) == true)
        #expect(error?.reason.contains("encoder., head.") == true, "\(error?.reason ?? "")")
    }

    @Test func groupsHaveTheirOwnRateAndDecay() throws {
        let keys = ["encoder.layer1.0.conv1.weight", "head.weight", "predictor.weight"]
        let all = try keys.map { key in
            let parameter = try Parameter(Tensor.ones([2, 2], dtype: .float64))
            try parameter.value.sum().backward()
            return (key: key, parameter: parameter)
        }
        var settings = SGDConfiguration()
        (settings.lr, settings.momentum, settings.weightDecay) = (0.1, 0, 0.5)
        var (head, predictor) = (ParameterGroupSettings(), ParameterGroupSettings())
        (head.match, head.lr, head.weightDecay) = ("head.", 2, 0)
        (predictor.match, predictor.scheduled) = ("predictor.", false)
        let groups = try EncoderGroups(all, of: settings, nil, [head, predictor])
        try groups.step(factor: 0.5, weightDecay: 0.25)
        // w - lr (g + decay w), of which the encoder's decay is that of the step, and the head's its own.
        let wanted = [1 - 0.05 * 1.25, 1 - 0.1, 1 - 0.1 * 1.25]
        for ((_, parameter), value) in zip(all, wanted) {
            #expect(try abs(parameter.value.detach().toArray(Double.self)[0] - value) < 1e-12)
        }
    }

    @Test func schedules() {
        func factors(_ schedule: some Schedule) -> [Double] {
            (0..<10).map { schedule.factor(step: $0, steps: 10, stepsPerEpoch: 2) }
        }
        func expect(_ found: [Double], _ wanted: [Double]) {
            #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-12 }, "\(found)")
        }
        var linear = LinearSchedule()
        (linear.warmupEpochs, linear.floor) = (1, 0.2)
        expect(factors(linear), [0.5, 1] + (0..<8).map { 1 - 0.8 * Double($0) / 8 })
        var step = StepSchedule()
        (step.epochs, step.gamma) = ([2, 4.5], 0.1)
        expect(factors(step), [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01])
        var wsd = WSDSchedule()
        (wsd.warmupEpochs, wsd.decay, wsd.floor) = (1, 0.4, 0.1)
        expect(factors(wsd), [0.5, 1, 1, 1, 1, 1, 1, 0.775, 0.55, 0.325])
    }

    @Test func valuesMoveWithinTheirShareOfTheRun() {
        let warmup = ScheduledValue(from: 0.04, to: 0.07, shape: .linear, until: 0.3)
        let stable = ScheduledValue(from: 1, to: 0, shape: .cosine, after: 0.8)
        let step = ScheduledValue(from: 1, to: 0.1, shape: .step, until: 0.5)
        for (value, progress, wanted) in [
            (warmup, 0, 0.04), (warmup, 0.15, 0.055), (warmup, 0.3, 0.07), (warmup, 0.9, 0.07), (stable, 0.8, 1),
            (stable, 0.9, 0.5), (stable, 1, 0), (step, 0.499, 1), (step, 0.5, 0.1),
        ] { #expect(abs(value.value(at: progress) - wanted) < 1e-12, "\(value) \(progress)") }
    }

    @Test("The run ends when nothing better comes", arguments: BestScore.allCases) func endsEarly(best: BestScore)
        throws
    {
        let images = try makeImages(["blue", "green", "red"], each: 8, in: home)
        let experiment = try tinyExperiment(
            "training.best=\(best.rawValue)", "training.patience=2", "training.epochs=9", "training.keep=9",
            "training.optimizer={sgd: {lr: 1.0e-9, momentum: 0}}", "evaluation.probe_every=1")
        let run = Run(home, "a")
        // Label-free scores need no labels.
        let source: any Source = best.isLabelFree ? try ImageFolder("\(home.path)/images/blue") : images
        #expect(try run.train(experiment, source, heldOut: best.isLabelFree ? nil : images) == .finished)
        let epochs = try run.metrics("epoch").count
        #expect(epochs < 9)
        #expect(
            run.recorder.notices.contains { $0.hasPrefix("stopped after epoch \(epochs) of 9: \(best.rawValue) was") })
        #expect(FileManager.default.fileExists(atPath: run.folder.bestEncoder))
        #expect(run.folder.progress(of: experiment) == .finished)
        // It is over when it is resumed, too.
        #expect(try run.train(experiment, source, heldOut: best.isLabelFree ? nil : images, resume: true) == .finished)
        #expect(try run.metrics("epoch").count == epochs)
    }

    @Test func theSpectrumsExponentIsFound() throws {
        // Columns of a Hadamard matrix are orthogonal and, but for the first, of mean 0.
        let count = 64
        let rows = (0..<count).map { row in
            (1..<count).map { column -> Double in
                ((row & column).nonzeroBitCount % 2 == 0 ? 1 : -1) * pow(Double(column), -0.7)
            }
        }
        let alpha = try #require(try EmbeddingGeometry.alphaReQ(Fixture.tensor(rows)))
        #expect(abs(alpha - 1.4) < 1e-9)
        let even = rows.map { row in row.enumerated().map { $1 * pow(Double($0 + 1), 0.7) } }
        let rank = try EmbeddingGeometry.rankMe(Fixture.tensor(even))
        #expect(abs(rank - 63) < 0.01)
        #expect(try EmbeddingGeometry.alphaReQ(Tensor.ones([8, 4])) == nil)
    }
}
