import Files
import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Kept checkpoints", .serialized)
struct CheckpointKeeperTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    private func images() throws -> ImageFolder { try makeImages(["blue", "green", "red"], each: 8, in: home) }

    private func names(_ run: Run) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: run.folder.checkpoints).sorted()
    }

    private func position(_ path: String) throws -> Checkpoint.Position {
        let text = try #require(Safetensors(contentsOf: path).metadata["position"])
        return try JSONDecoder().decode(Checkpoint.Position.self, from: Data(text.utf8))
    }

    @Test func keepsThoseOfTheLastPassesAndTheBest() throws {
        let images = try images()
        let run = Run(home, "a")
        #expect(
            try run.train(tinyExperiment("training.epochs=5", "training.keep=3"), images, heldOut: images) == .finished)
        #expect(
            try names(run) == ["best.ckpt", "epoch-0003.ckpt", "epoch-0004.ckpt", "epoch-0005.ckpt", "last.ckpt"])
        for epoch in 3...5 { #expect(try position(run.folder.checkpoint(epoch: epoch)).epoch == epoch) }
        let scores = try run.metrics("epoch").compactMap { $0["val_knn_top1"] }
        let best = try #require(scores.max())
        let found = try position(run.folder.bestCheckpoint)
        #expect(found.best == best)
        #expect(scores.firstIndex(of: best) == found.epoch - 1)
        let weights = try Safetensors(contentsOf: run.folder.bestCheckpoint).tensors
        for (key, value) in try EncoderFile(run.folder.bestEncoder).encoder.stateDict {
            #expect(try value.toArray(Float.self) == weights["model.encoder.\(key)"]?.toArray())
        }
        // One is the default, and says nothing of the best.
        let plain = Run(home, "b")
        #expect(try plain.train(tinyExperiment(), images, heldOut: images) == .finished)
        #expect(try names(plain) == ["last.ckpt"])
        #expect(!FileManager.default.fileExists(atPath: plain.folder.bestEncoder))
    }

    @Test("Epochs of seconds need no checkpoint each; a killed run continues from the last one")
    func everySecondPass() throws {
        let images = try images()
        let experiment = try tinyExperiment(
            "training.epochs=5", "training.keep=2", "training.checkpoint_epochs=2", "evaluation.knn_every=0")
        let run = Run(home, "a")
        #expect(try run.train(experiment, images) == .finished)
        #expect(try names(run) == ["epoch-0004.ckpt", "epoch-0005.ckpt", "last.ckpt"])
        // As if it had been killed in the last pass.
        for name in ["epoch-0005.ckpt", "last.ckpt"] {
            try FileManager.default.removeItem(atPath: "\(run.folder.checkpoints)/\(name)")
        }
        let hash = try run.hash
        let resumed = Run(home, "a")
        #expect(try resumed.train(experiment, images, resume: true) == .finished)
        #expect(try resumed.hash == hash)
        #expect(try resumed.metrics("epoch").count == 5)
    }

    @Test("A damaged last checkpoint is no end of the run") func fallsBack() throws {
        let images = try images()
        let experiment = try tinyExperiment("training.epochs=3", "training.keep=2")
        let whole = Run(home, "whole")
        #expect(try whole.train(experiment, images) == .finished)
        let run = Run(home, "run")
        #expect(try run.train(experiment, images, stopAfter: 7) == .interrupted)
        let data = try Data(contentsOf: URL(fileURLWithPath: run.folder.checkpoint))
        try data.prefix(data.count / 2).write(to: URL(fileURLWithPath: run.folder.checkpoint))
        let resumed = Run(home, "run")
        #expect(try resumed.train(experiment, images, resume: true) == .finished)
        #expect(resumed.recorder.steps.count == 3)
        let notice = try #require(resumed.recorder.notices.first)
        #expect(notice.contains("last.ckpt: ") && notice.contains("continuing from"))
        #expect(notice.contains("epoch-0002.ckpt, 6 steps"))
        #expect(try resumed.hash == whole.hash)
        #expect(try resumed.metrics("step") == whole.metrics("step"))
        #expect(try resumed.metrics("epoch") == whole.metrics("epoch"))
    }

    @Test("A checkpoint cut anywhere is refused in one line, or replaced by the kept one") func cutAnywhere() throws {
        let images = try images()
        let experiment = try tinyExperiment("training.keep=2")
        let run = Run(home, "run")
        #expect(try run.train(experiment, images, stopAfter: 4) == .interrupted)
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, generator: Generator(seed: 9))
        let optimizer = try experiment.training.optimizer.component.build(model.namedParameters)
        let keeper = CheckpointKeeper(folder: run.folder, keep: 2)
        let resumption = try Resumption(run, experiment, images)
        func restore() throws -> Int {
            try keeper.restore(resumption, into: model, optimizer, notice: { _ in }).step
        }
        #expect(try restore() == 4)
        let data = try Data(contentsOf: URL(fileURLWithPath: run.folder.checkpoint))
        let lengths = Array(0..<40) + stride(from: 40, to: data.count, by: data.count / 100) + [data.count - 1]
        for length in lengths {
            try data.prefix(length).write(to: URL(fileURLWithPath: run.folder.checkpoint))
            #expect(try restore() == 3, "\(length) bytes")
        }
        unlink(run.folder.checkpoint)
        #expect(try restore() == 3)
        unlink(run.folder.checkpoint(epoch: 1))
        for length in lengths {
            try data.prefix(length).write(to: URL(fileURLWithPath: run.folder.checkpoint))
            let error = #expect(throws: TrainingError.self, "\(length) bytes") { try restore() }
            #expect(error?.reason.contains("last.ckpt: ") == true)
            #expect(error?.reason.contains("start a new run in another --output") == true)
            #expect(error?.reason.contains("\n") == false && error?.reason.contains("delete") == false)
        }
    }

    @Test("A checkpoint with bytes of its head changed is refused") func changedAnywhere()
        throws
    {
        let images = try images()
        let experiment = try tinyExperiment()
        let run = Run(home, "run")
        #expect(try run.train(experiment, images, stopAfter: 4) == .interrupted)
        let data = try Data(contentsOf: URL(fileURLWithPath: run.folder.checkpoint))
        let header = Int(data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
        var random = SystemRandomNumberGenerator()
        for trial in 0..<600 {
            var changed = data
            for _ in 0...trial % 3 {
                changed[Int.random(in: 0..<8 + header, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard changed != data else { continue }
            try changed.write(to: URL(fileURLWithPath: run.folder.checkpoint))
            #expect(throws: (any Error).self) { try CheckpointFile(run.folder.checkpoint) }
        }
    }

    @Test(
        "Places that no run has are refused",
        arguments: [
            #"{"epoch":-1,"batch":0,"step":0,"skipped":0}"#, #"{"epoch":0,"batch":-1,"step":0,"skipped":0}"#,
            #"{"epoch":0,"batch":0,"step":-7,"skipped":0}"#, #"{"epoch":0,"batch":0,"step":0,"skipped":-5}"#,
            #"{"epoch":0,"batch":0,"step":9223372036854775807,"skipped":0}"#,
            #"{"epoch":9223372036854775807,"batch":9223372036854775807,"step":9223372036854775807,"skipped":0}"#,
        ])
    func impossiblePlaces(place: String) throws {
        let meter =
            #","meter":{"steps":0,"loss":0,"images":0,"seconds":0,"waited":0,"ceiling":0,"bounded":0,"bound":0}}"#
        let path = "\(home.path)/x.ckpt"
        let notes = [
            "format": "diptych checkpoint 2", "position": place.dropLast() + meter, "configuration": "a: 1",
            Checksum.placeholder.key: Checksum.placeholder.value,
        ]
        var bytes = try Safetensors(tensors: [:], metadata: notes).bytes()
        #expect(Checksum.embed(in: &bytes))
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: TrainingError.self) { try CheckpointFile(path) }
        #expect(error?.reason.contains("its position in the run is impossible") == true, "\(error?.reason ?? "")")
    }

    @Test func whatDiffersIsNamed() throws {
        let images = try images()
        let run = Run(home, "a")
        _ = try run.train(tinyExperiment("training.keep=2"), images, stopAfter: 4)
        let error = #expect(throws: TrainingError.self) {
            try run.train(
                tinyExperiment("training.seed=4", "encoder.convnet.width=8", "views.branches[0].size=32"), images,
                resume: true)
        }
        #expect(error?.kind == .unusable)
        for word in ["training.seed is 4, was 3", "encoder.convnet.width is 8, was 4", "views.branches[0].size"] {
            #expect(error?.reason.contains(word) == true, "\(error?.reason ?? "")")
        }
        // What does not touch the weights may be changed.
        #expect(
            try run.train(tinyExperiment("training.keep=3", "training.checkpoint_every=1"), images, resume: true)
                == .finished)
    }

    @Test func anotherVersionIsNamed() throws {
        let path = "\(home.path)/x.ckpt"
        try Safetensors(tensors: [:], metadata: ["format": "diptych checkpoint 7"]).write(to: path)
        let error = #expect(throws: TrainingError.self) { try CheckpointFile(path) }
        #expect(error?.kind == .unusable)
        #expect(error?.reason.contains("diptych checkpoint 7") == true)
    }

    @Test func oneTrainerOnAFolder() throws {
        let images = try images()
        let run = Run(home, "a")
        try withExtendedLifetime(
            try Trainer(
                tinyExperiment(), images: images, folder: run.folder, machine: Machine(device: .cpu, threads: 1),
                observer: run.recorder)
        ) {
            let error = #expect(throws: FileError.self) { try run.train(tinyExperiment(), images) }
            #expect(error?.path == run.folder.path)
            #expect(error?.reason.contains("is in use by process \(getpid())") == true)
        }
        #expect(try run.train(tinyExperiment(), images) == .finished)
    }

    @Test("A pass's line that was written before its checkpoint is not written twice") func noLineTwice() throws {
        let images = try images()
        let experiment = try tinyExperiment("training.checkpoint_every=1")
        let run = Run(home, "a")
        #expect(try run.train(experiment, images, stopAfter: 3) == .interrupted)
        let log = try RunLog(run.folder, resumingAt: position(run.folder.checkpoint))
        try log.write(
            EpochRecord(
                epoch: 1, step: 3, trainLoss: 0, miCeiling: 0, lr: 0, imagesPerSecond: 0, dataWait: 0, seconds: 0,
                skipped: 0))
        try log.write(DiagnosisRecord(epoch: 1, step: 3, findings: []))
        #expect(try run.train(experiment, images, resume: true) == .finished)
        #expect(try run.metrics("epoch").map { $0["epoch"] } == [1, 2])
        let text = try String(contentsOfFile: run.folder.metrics, encoding: .utf8)
        // Batches of 8 are too small to be diagnosed, so the one line that there was is gone.
        #expect(!text.contains("diagnosis"))
    }
}
