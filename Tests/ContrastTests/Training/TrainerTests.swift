import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// Remembers what a run said, and can act after a step.
final class Recorder: TrainingObserver {
    var notices: [String] = []
    var steps: [TrainingProgress] = []
    var epochs: [EpochRecord] = []
    var afterStep: (Int) -> Void = { _ in }

    func notice(_ message: String) { notices.append(message) }
    func stepped(_ progress: TrainingProgress) {
        steps.append(progress)
        afterStep(steps.count)
    }
    func finished(_ epoch: EpochRecord) { epochs.append(epoch) }
}

/// A run in a folder of its own, on images that many runs share.
struct Run {
    let folder: RunFolder
    let recorder = Recorder()

    init(_ home: TemporaryFolder, _ name: String) { folder = RunFolder("\(home.path)/runs/\(name)") }

    /// Trains until `steps` steps are done, or to the end.
    func train(
        _ experiment: Experiment, _ images: any Source, heldOut: (any Source)? = nil, loaderThreads: Int = 2,
        maximumBad: Double = 0.01, resume: Bool = false, threads: Int = 1, allowsOtherImages: Bool = false,
        stopAfter steps: Int = .max, orWhen stop: () -> Bool = { false }
    ) throws -> Trainer.Outcome {
        var options = Trainer.Options()
        (options.heldOut, options.maximumBad) = (heldOut, maximumBad)
        (options.resumes, options.allowsOtherImages) = (resume, allowsOtherImages)
        let trainer = try Trainer(
            experiment, images: images, folder: folder,
            machine: Machine(device: .cpu, threads: threads, loaderThreads: loaderThreads), options: options,
            observer: recorder)
        return try trainer.run { recorder.steps.count >= steps || stop() }
    }

    /// The lines of metrics.jsonl without what depends on the clock, of one kind.
    func metrics(_ kind: String) throws -> [[String: Double]] {
        try lines(folder.metrics).filter { $0["kind"] as? String == kind }.map { line in
            line.compactMapValues { $0 as? Double }.filter {
                !["seconds", "images_per_second", "data_wait"].contains($0.key)
            }
        }
    }

    func lines(_ path: String) throws -> [[String: Any]] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// Every number of the checkpoint that the weights depend on.
    func state() throws -> [String: [Float]] {
        try Safetensors(contentsOf: folder.checkpoint).tensors.mapValues { try $0.toArray() }
    }

    var hash: String { get throws { try EncoderFile.hash(folder.encoder) } }
}

@Suite("Trainer", .serialized)
struct TrainerTests {
    private let home: TemporaryFolder

    private func images() throws -> ImageFolder { try makeImages(["blue", "green", "red"], each: 8, in: home) }

    init() throws { home = try TemporaryFolder() }

    @Test func leavesItsFilesAndItsFigures() throws {
        let images = try images()
        let run = Run(home, "a")
        #expect(try run.train(tinyExperiment(), images, heldOut: images) == .finished)
        let folder = run.folder
        for path in [
            folder.configuration, folder.metrics, folder.checkpoint, folder.encoder, folder.encoderDescription,
            folder.head, folder.views,
        ] {
            #expect(FileManager.default.fileExists(atPath: path), "\(path)")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.quarantine))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.contains { $0.hasPrefix("events.out.tfevents.") })
        #expect(!names.contains { $0.hasSuffix(".tmp") })

        // 24 images in batches of 8, twice; 2N - 1 = 15 candidates.
        #expect(run.recorder.steps.map(\.batch) == [1, 2, 3, 1, 2, 3])
        #expect(run.recorder.steps.map(\.epoch) == [1, 1, 1, 2, 2, 2])
        #expect(run.recorder.steps.allSatisfy { abs($0.ceiling - log(15.0)) < 1e-12 && $0.loss > 0 })
        #expect(run.recorder.steps.allSatisfy { abs(($0.bound ?? 0) + $0.loss - $0.ceiling) < 1e-12 })
        let steps = try run.metrics("step")
        #expect(steps.map { $0["step"] } == [1, 2, 3, 4, 5, 6])
        #expect(steps.first?["lr"] == 0.05)
        let epochs = try run.metrics("epoch")
        #expect(epochs.count == 2)
        for (index, epoch) in epochs.enumerated() {
            let losses = steps[index * 3..<index * 3 + 3].compactMap { $0["train_loss"] }
            #expect(abs((epoch["train_loss"] ?? 0) - losses.reduce(0, +) / 3) < 1e-12)
            #expect((0...4).contains(epoch["alignment"] ?? -1))
            #expect((epoch["uniformity"] ?? 1) < 0)
            #expect((1...8).contains(epoch["effective_rank"] ?? 0))
            #expect((0...1).contains(epoch["val_knn_top1"] ?? -1))
        }
        // The resolved configuration is the run's own, so that it can be read again.
        let again = try ConfigurationReader(contentsOf: folder.configuration).read(Experiment.self)
        #expect(try ConfigurationWriter.yaml(again) == String(contentsOfFile: folder.configuration, encoding: .utf8))
    }

    @Test("A run stopped after any step goes on bit for bit", arguments: 1...6)
    func resumesAfterAnyStep(step: Int) throws {
        let images = try images()
        let whole = Run(home, "whole")
        #expect(try whole.train(tinyExperiment(), images, heldOut: images) == .finished)
        let stopped = Run(home, "stopped")
        #expect(try stopped.train(tinyExperiment(), images, heldOut: images, stopAfter: step) == .interrupted)
        #expect(stopped.recorder.steps.count == step)
        // What an interrupted run leaves can be probed.
        _ = try EncoderFile(stopped.folder.path)
        let resumed = Run(home, "stopped")
        #expect(try resumed.train(tinyExperiment(), images, heldOut: images, resume: true) == .finished)
        #expect(resumed.recorder.steps.count == 6 - step)
        #expect(try resumed.hash == whole.hash)
        #expect(try resumed.state() == whole.state())
        #expect(try resumed.metrics("step") == whole.metrics("step"))
        // A pass whose last batch is not seen again has no embeddings to measure.
        let geometry = ["alignment", "uniformity", "effective_rank"]
        for (found, wanted) in zip(try resumed.metrics("epoch"), try whole.metrics("epoch")) {
            let isMeasured = found["alignment"] != nil
            #expect(found == wanted.filter { isMeasured || !geometry.contains($0.key) })
            #expect(isMeasured || Double(step) == found["step"])
        }
        #expect(try resumed.metrics("epoch").count == 2)
    }

    @Test("A run that is stopped while its encoder is scored goes on bit for bit", arguments: [1, 2])
    func stopsWhileItIsScored(pass: Int) throws {
        let images = try images()
        let experiment = try tinyExperiment("training.keep=2")
        let whole = Run(home, "whole")
        #expect(try whole.train(experiment, images, heldOut: images) == .finished)
        // Asked after each step, and once a batch or a block while it is scored.
        for questions in [1, 2, 3] {
            let stopped = Run(home, "stopped-\(questions)")
            var asked = 0
            let outcome = try stopped.train(
                experiment, images, heldOut: images,
                orWhen: {
                    guard stopped.recorder.steps.count == 3 * pass else { return false }
                    asked += 1
                    return asked > questions
                })
            #expect(outcome == .interrupted)
            #expect(stopped.recorder.epochs.count == pass - 1)
            #expect(try stopped.metrics("epoch").count == pass - 1)
            let resumed = Run(home, "stopped-\(questions)")
            #expect(try resumed.train(experiment, images, heldOut: images, resume: true) == .finished)
            #expect(resumed.recorder.steps.count == 6 - 3 * pass)
            #expect(try resumed.hash == whole.hash)
            #expect(try resumed.state() == whole.state())
            #expect(try resumed.metrics("step") == whole.metrics("step"))
            #expect(
                try resumed.metrics("epoch").map { $0["val_knn_top1"] }
                    == whole.metrics("epoch").map { $0["val_knn_top1"] })
            #expect(
                try EncoderFile.hash(resumed.folder.bestEncoder) == EncoderFile.hash(whole.folder.bestEncoder))
        }
    }

    @Test(
        "Every method resumes bit for bit, within an epoch and between two",
        arguments: [
            "moco: {queue: 12, norm_groups: 2, momentum: {from: 0.5, to: 1}, head: {mlp: {output: 8}}}",
            "moco: {queue: 20, norm_groups: 1, symmetric: true, negatives: {from: 3, to: 20}, loss: dcl}",
            "moco_v3: {head: {mlp: {hidden: 8, output: 8}}, predictor: {mlp: {hidden: 8, output: 8}}}",
            "simclr: {loss: {info_nce: {critic: bilinear}}}", "simclr: {loss: clip}", "simclr: {loss: sup_con}",
            "simclr: {loss: {hcl: {temperature: {from: 0.5, to: 0.1}, beta: {from: 0, to: 2, shape: linear}}}}",
            "byol: {head: {mlp: {hidden: 8, output: 8}}, predictor: {mlp: {hidden: 8, output: 8}}}",
            "nnclr: {queue: 12, head: {mlp: {hidden: 8, output: 8}}, predictor: {mlp: {hidden: 8, output: 8}}}",
            "swav: {prototypes: 6, queue: 16, queue_epochs: 1, head: {mlp: {output: 8}}}",
            "dino: {prototypes: 6, head: {mlp: {output: 8}}}", "lejepa: {head: {mlp: {output: 8}}}",
        ], [2, 3])
    func everyMethodResumes(method: String, step: Int) throws {
        let images = try images()
        let experiment = try tinyExperiment("method={\(method)}")
        let whole = Run(home, "whole")
        #expect(try whole.train(experiment, images) == .finished)
        let stopped = Run(home, "stopped")
        #expect(try stopped.train(experiment, images, stopAfter: step) == .interrupted)
        #expect(try stopped.train(experiment, images, resume: true) == .finished)
        let state = try whole.state()
        #expect(try stopped.state() == state)
        #expect(try stopped.metrics("step") == whole.metrics("step"))
        let name = method.prefix { $0 != ":" }
        for key in ["momentum.encoder.convolutions.0.weight", "momentum.head.linears.1.bias"] {
            #expect((state["model.\(key)"] != nil) == ["moco", "moco_v3", "byol", "dino"].contains(name))
        }
        for key in ["queue.keys", "queue.next"] {
            #expect((state["model.\(key)"] != nil) == ["moco", "nnclr", "swav"].contains(name))
        }
        // The run's result is the trained encoder, not the one that follows it.
        let file = try EncoderFile(whole.folder.path)
        #expect(
            try file.encoder.stateDict["convolutions.3.weight"]?.toArray(Float.self)
                == state["model.encoder.convolutions.3.weight"])
    }

    @Test(
        "Settings that do not fit the data name their place",
        arguments: [
            ("moco: {queue: 7, norm_groups: 1}", "method.moco.queue"),
            ("moco: {queue: 15, norm_groups: 1, symmetric: true}", "method.moco.queue"),
            ("moco: {queue: 64}", "method.moco.norm_groups"), ("simclr: {loss: sup_con}", "method.simclr.loss.sup_con"),
        ])
    func settingsThatDoNotFitTheData(method: String, path: String) throws {
        let images = try makeImages(["blue"], each: 24, in: home)
        let error = #expect(throws: TrainingError.self) {
            try Run(home, "a").train(tinyExperiment("method={\(method)}"), images)
        }
        #expect(error?.kind == .unusable)
        #expect(error?.reason.hasPrefix("\(path): ") == true, "\(error?.reason ?? "")")
    }

    @Test func aTransformerResumesAndWantsViewsOfItsSide() throws {
        let images = try images()
        func experiment(_ side: Int) throws -> Experiment {
            try tinyExperiment("encoder={vit: {image_size: \(side), patch: 8, width: 8, depth: 1, heads: 2}}")
        }
        let whole = Run(home, "whole")
        #expect(try whole.train(experiment(16), images) == .finished)
        let stopped = Run(home, "stopped")
        #expect(try stopped.train(experiment(16), images, stopAfter: 4) == .interrupted)
        #expect(try stopped.train(experiment(16), images, resume: true) == .finished)
        #expect(try stopped.state() == whole.state())
        #expect(try EncoderFile(whole.folder.path).encoder.dimension == 8)
        let error = #expect(throws: TrainingError.self) { try Run(home, "other").train(experiment(24), images) }
        #expect(error?.kind == .unusable)
        #expect(error?.reason.hasPrefix("encoder.vit.image_size: ") == true)
    }

    @Test func aKilledRunGoesOnFromItsLastCheckpoint() throws {
        let images = try images()
        let run = Run(home, "whole")
        // The folder as a kill in the second pass would leave it: the first pass's checkpoint, logs that lie ahead.
        run.recorder.afterStep = { step in
            guard step == 5 else { return }
            try? FileManager.default.copyItem(atPath: run.folder.path, toPath: "\(home.path)/runs/killed")
        }
        #expect(try run.train(tinyExperiment(), images) == .finished)
        let resumed = Run(home, "killed")
        #expect(try resumed.metrics("step").count > 3)
        #expect(try resumed.train(tinyExperiment(), images, resume: true) == .finished)
        #expect(resumed.recorder.steps.count == 3)
        #expect(try resumed.hash == run.hash)
        #expect(try resumed.metrics("step") == run.metrics("step"))
        #expect(try resumed.metrics("epoch") == run.metrics("epoch"))
    }

    @Test func aFinishedRunStaysAsItIs() throws {
        let images = try images()
        let run = Run(home, "a")
        _ = try run.train(tinyExperiment(), images)
        let hash = try run.hash
        #expect(try run.train(tinyExperiment(), images, resume: true) == .finished)
        #expect(try run.hash == hash)
        #expect(try run.metrics("epoch").count == 2)
    }

    @Test("The seed alone decides", arguments: ["adamw", "lars"]) func theSeedDecides(optimizer: String) throws {
        let images = try images()
        func state(_ name: String, threads: Int, seed: Int = 3) throws -> [String: [Float]] {
            let run = Run(home, name)
            let experiment = try tinyExperiment("training.optimizer=\(optimizer)", "training.seed=\(seed)")
            _ = try run.train(experiment, images, loaderThreads: threads)
            return try run.state()
        }
        let one = try state("one", threads: 1)
        #expect(try state("again", threads: 1) == one)
        #expect(try state("two", threads: 2) == one)
        #expect(try state("other", threads: 1, seed: 4) != one)
    }

    @Test func anotherConfigurationIsNotResumed() throws {
        let images = try images()
        let run = Run(home, "a")
        _ = try run.train(tinyExperiment(), images, stopAfter: 1)
        let error = #expect(throws: TrainingError.self) {
            try run.train(tinyExperiment("training.batch_size=4"), images, resume: true)
        }
        #expect(error?.kind == .unusable)
        #expect(error?.reason.contains("another configuration (training.batch_size is 4, was 8)") == true)
    }

    @Test func mixedViewsAreRefused() throws {
        let error = #expect(throws: TrainingError.self) {
            try Run(home, "a").train(tinyExperiment("views.mix={mixup: {alpha: 0.2}}"), images())
        }
        #expect(error?.kind == .unusable)
        #expect(error?.reason.hasPrefix("views.mix: ") == true)
    }

    @Test func aDamagedImageIsLeftOutAndListedOnce() throws {
        _ = try images()
        try Data("not a picture".utf8).write(to: URL(fileURLWithPath: "\(home.path)/images/red/99.png"))
        let images = try ImageFolder("\(home.path)/images")
        // One of 25, of which a pass sees 24; several passes, so that it is met.
        let experiment = try tinyExperiment("training.epochs=4")
        let whole = Run(home, "whole")
        #expect(try whole.train(experiment, images, maximumBad: 0.1) == .finished)
        func listed(_ run: Run) throws -> [String] {
            try run.lines(run.folder.quarantine).compactMap { $0["name"] as? String }
        }
        #expect(try listed(whole) == ["red/99.png"])
        let reason = try whole.lines(whole.folder.quarantine).first?["reason"] as? String
        #expect(reason?.isEmpty == false)
        #expect(try whole.metrics("epoch").last?["skipped"] == 1)
        for step in [2, 6, 7] {
            let run = Run(home, "stopped\(step)")
            #expect(try run.train(experiment, images, maximumBad: 0.1, stopAfter: step) == .interrupted)
            #expect(try run.train(experiment, images, maximumBad: 0.1, resume: true) == .finished)
            #expect(try run.hash == whole.hash)
            #expect(try listed(run) == ["red/99.png"])
            #expect(try run.metrics("epoch").last?["skipped"] == 1)
        }
    }

    @Test func tooManyDamagedImagesStopTheRun() throws {
        _ = try images()
        for name in ["97", "98", "99"] {
            try Data().write(to: URL(fileURLWithPath: "\(home.path)/images/red/\(name).png"))
        }
        let images = try ImageFolder("\(home.path)/images")
        let run = Run(home, "a")
        let error = #expect(throws: LoaderError.self) {
            try run.train(tinyExperiment("training.epochs=5"), images, maximumBad: 0.05)
        }
        guard case .tooManyBad(let bad, let total, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(bad == 2 && total == 27)
        let listed = try run.lines(run.folder.quarantine).compactMap { $0["name"] as? String }
        #expect(listed.count == 2 && Set(listed).isSubset(of: ["red/97.png", "red/98.png", "red/99.png"]))
    }

    @Test func aLossThatIsNoNumberStopsTheRunAndKeepsTheCheckpoint() throws {
        let images = try images()
        let run = Run(home, "a")
        let error = #expect(throws: TrainingError.self) {
            try run.train(tinyExperiment("training.optimizer.sgd.lr=1e30"), images)
        }
        #expect(error?.kind == .failed)
        #expect(error?.reason.contains("lower training.optimizer.sgd.lr") == true)
        #expect(try run.folder.state() == .begun)
    }

    @Test func smallFoldersAreOneBatch() throws {
        let images = try makeImages(["a", "b"], each: 2, in: home)
        let run = Run(home, "a")
        #expect(try run.train(tinyExperiment(), images) == .finished)
        #expect(run.recorder.notices.first?.contains("all are one batch") == true)
        #expect(run.recorder.steps.count == 2)
        let error = #expect(throws: TrainingError.self) {
            try Run(home, "b").train(tinyExperiment(), Subset(images, indices: [0]))
        }
        #expect(error?.kind == .data)
    }

    @Test func oneViewIsNoContrast() throws {
        let experiment = try tinyExperiment("views.branches=[{count: 1, size: 16, steps: [resized_crop]}]")
        let error = #expect(throws: TrainingError.self) { try Run(home, "a").train(experiment, images()) }
        #expect(error?.kind == .unusable)
    }
}
