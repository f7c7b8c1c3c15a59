import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Diagnosis of a run")
struct RunDiagnosisTests {
    private let machine = Machine(device: .cpu, threads: 1)

    @Test func embedsByTheRunsOwnEncoderAndHead() throws {
        let place = try TemporaryFolder()
        let images = try makeImages(["a", "b"], each: 12, in: place)
        let folder = RunFolder("\(place.path)/run")
        let experiment = try tinyExperiment("method.simclr.loss.nt_xent.temperature=0.3", "training.epochs=1")
        let trainer = try Trainer(experiment, images: images, folder: folder, machine: machine, observer: Silent())
        #expect(try trainer.run() == .finished)
        let embedded = try RunEmbeddings(run: folder.path, images: images, machine: machine, options: .init())
        #expect(embedded.pairs.count == 24 && embedded.pairs.dimension == 8)
        #expect(embedded.pairs.labels?.count { $0 == 1 } == 12)
        #expect(embedded.options.temperature == 0.3)
        #expect(embedded.options.candidates == 8)
        #expect(embedded.run.batchSize == 8 && embedded.run.images == 24)
        #expect(embedded.run.imbalance == 1)
        #expect(embedded.run.boundShare != nil && embedded.run.dataWait != nil)
        #expect(embedded.run.colourRetrieval == nil)
        #expect(embedded.pairs.first != embedded.pairs.second)
        // Running statistics, no gradients: the same again, and the other views of another seed.
        let again = try RunEmbeddings(run: folder.path, images: images, machine: machine, options: .init())
        #expect(again.pairs.first == embedded.pairs.first)
        var options = Evidence.Options()
        options.seed = 1
        let other = try RunEmbeddings(run: folder.path, images: images, machine: machine, options: options)
        #expect(other.pairs.first != embedded.pairs.first)
        let diagnosis = try Diagnosis(embedded)
        // 24 images in batches of 8 are three steps.
        #expect(diagnosis.findings.contains { $0.code == "small_data_set" })
        #expect(diagnosis.measurements.contains { $0.name == "encoder_rank_me" })
        try FileManager.default.removeItem(atPath: folder.head)
        #expect(throws: TrainingError.self) {
            try RunEmbeddings(run: folder.path, images: images, machine: machine, options: .init())
        }
    }

    @Test(arguments: [
        "simclr: {loss: {info_nce: {critic: bilinear}}",
        "moco: {queue: 16, norm_groups: 2, loss: {info_nce: {critic: bilinear}}",
    ])
    func pairsAreComparedByTheCriticThatTheRunLearnt(method: String) throws {
        let place = try TemporaryFolder()
        let images = try makeImages(["a", "b"], each: 12, in: place)
        let folder = RunFolder("\(place.path)/run")
        let experiment = try tinyExperiment(
            "method={\(method), head: {mlp: {output: 8}}}}", "training.epochs=1")
        let trainer = try Trainer(experiment, images: images, folder: folder, machine: machine, observer: Silent())
        #expect(try trainer.run() == .finished)
        func pairs() throws -> PairedEmbeddings {
            try RunEmbeddings(run: folder.path, images: images, machine: machine, options: .init()).pairs
        }
        let found = try pairs()
        var critic = try Safetensors(contentsOf: folder.critic)
        let (key, weight) = try #require(critic.tensors.first)
        #expect(critic.tensors.count == 1 && weight.shape == [8, 8])
        // With W = I the second views are what the head makes of them.
        critic.tensors[key] = try Tensor.eye(8)
        try critic.write(to: folder.critic)
        let plain = try pairs()
        #expect(plain.first == found.first)
        let mapped: [Float] = try Tensor(plain.second, shape: [24, 8]).matmul(weight.transpose(0, 1)).toArray()
        #expect(zip(mapped, found.second).allSatisfy { abs($0 - $1) < 1e-5 })
        try FileManager.default.removeItem(atPath: folder.critic)
        let error = #expect(throws: TrainingError.self) { try pairs() }
        #expect(error.map { "\($0)".contains("the critic that the loss scored by") } == true)
    }

    @Test(
        "The temperature is the loss's own",
        arguments: [
            ("simclr: {loss: {dcl: {temperature: 0.25}}}", 0.25), ("simclr: {loss: alignment_uniformity}", nil),
            ("simclr: {loss: {info_nce: {critic: bilinear}}}", nil), ("moco: {norm_groups: 1}", 0.2),
            ("moco_v3: {loss: {hcl: {temperature: {from: 0.5, to: 0.1, shape: linear}}}}", 0.2),
            ("instance_discrimination: {}", 0.07), ("supervised: {}", nil),
        ])
    func temperature(method: String, wanted: Double?) throws {
        let text = "method: {\(method)}"
        let experiment = try ConfigurationReader(file: "test", text: text).read(Experiment.self)
        let model = try experiment.method.component.build(
            encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: 1))
        let found = model.temperature(at: 0.75)
        #expect((found == nil) == (wanted == nil) && abs((found ?? 0) - (wanted ?? 0)) < 1e-12)
    }

    @Test func clipsTemperatureIsTheLearnedOne() throws {
        let loss = try LearnedTemperatureLoss(CLIPLoss(temperature: 0.2))
        #expect(try abs(#require(loss.currentTemperature) - 0.2) < 1e-6)
        try loss.logitScale.value.detach().copy(from: .full([], 3))
        #expect(try abs(#require(loss.currentTemperature) - exp(-3)) < 1e-6)
    }

    @Test func whatTheRunSaysIsJudged() throws {
        let (embeddings, temperature) = try Planted.healthyManyClasses.make(pairs: 384, dimension: 48, seed: 21)
        var options = Evidence.Options()
        options.temperature = temperature
        var evidence = try Evidence(embeddings, options: options)
        var run = RunEvidence(folder: RunFolder("/nowhere"), experiment: Experiment(), labels: [0, 1, 1, 1])
        #expect(run.imbalance == 3)
        (run.images, run.batchSize, run.imbalance) = (5000, 256, nil)
        run.colourRetrieval = Measured(0.12, low: 0.1, high: 0.2)
        func first(_ change: (inout RunEvidence) -> Void) -> String? {
            var changed = run
            change(&changed)
            evidence.run = changed
            return Diagnosis(evidence).findings.first?.code
        }
        #expect(first { _ in } == nil)
        #expect(first { $0.dataWait = 0.4 } == "starved_trainer")
        #expect(first { ($0.contrasts, $0.colourRetrieval) = (false, Measured(0.8, low: 0.7, high: 0.9)) } == nil)
        #expect(first { ($0.contrasts, $0.dataWait) = (false, 0.4) } == "starved_trainer")
        #expect(first { $0.imbalance = 40 } == "class_imbalance")
        #expect(first { $0.images = 700 } == "small_data_set")
        #expect(first { $0.colourRetrieval = Measured(0.8, low: 0.7, high: 0.9) } == "augmentation_too_weak")
        #expect(first { $0.colourRetrieval = Measured(0.55, low: 0.45, high: 0.65) } == nil)
        #expect(first { $0.positionRetrieval = Measured(0.8, low: 0.7, high: 0.9) } == "augmentation_too_weak")
        #expect(first { $0.positionRetrieval = Measured(0.45, low: 0.4, high: 0.5) } == nil)
        let (noise, _) = try Planted.noise.make(pairs: 384, dimension: 48, seed: 21)
        evidence = try Evidence(noise, options: options)
        #expect(first { _ in } == "chance")
        #expect(first { $0.colourRetrieval = Measured(0.004, low: 0, high: 0.01) } == "augmentation_too_strong")
    }

    @Test func coloursMatchPairsOfTheSameColoursOnly() throws {
        let count = 8
        let area = 16
        /// One colour a sample.
        func views(shift: Int) -> [Float] {
            (0..<count).flatMap { sample in
                (0..<3 * area).map { place in Float(((sample + shift) >> (place / area)) & 1) * 2 - 1 }
            }
        }
        func hits(_ first: [Float], _ second: [Float]) throws -> [Double] {
            // (x - 0.5) / 0.5 made the values of -1 and 1 out of 0 and 1.
            var retrieval = ColourRetrieval(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5])
            first.withUnsafeBufferPointer { first in
                second.withUnsafeBufferPointer { second in
                    retrieval.add(first: first, area: area, second: second, area: area, count: count)
                }
            }
            return try retrieval.hits()
        }
        #expect(try hits(views(shift: 0), views(shift: 0)) == [Double](repeating: 1, count: count))
        #expect(try hits(views(shift: 0), views(shift: 1)) == [Double](repeating: 0, count: count))
    }
}
