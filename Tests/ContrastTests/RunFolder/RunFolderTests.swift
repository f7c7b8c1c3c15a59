import Files
import Foundation
import Testing
import Views

@testable import Contrast

@Suite("Run folders", .serialized)
struct RunFolderTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    private func images() throws -> ImageFolder { try makeImages(["blue", "green", "red"], each: 8, in: home) }

    @Test func whatLiesThere() throws {
        let run = Run(home, "a")
        let folder = run.folder
        #expect(try folder.state() == .empty)
        #expect(try run.train(tinyExperiment(), images()) == .finished)
        #expect(try folder.state() == .resumable)
        unlink(folder.configuration)
        #expect(try folder.state() == .resumable)
        #expect(try folder.ownConfiguration().file == folder.checkpoint)
        let text = try folder.ownConfiguration().text
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder.configuration))
        #expect(try folder.ownConfiguration().file == folder.configuration)
        // Without its checkpoints, what it left must not be written over.
        try FileManager.default.removeItem(atPath: folder.checkpoints)
        #expect(try folder.state() == .withoutCheckpoints)
        unlink(folder.encoder)
        #expect(try folder.state() == .withoutCheckpoints)
        // As a kill before the first checkpoint leaves it.
        let lines = try String(contentsOfFile: folder.metrics, encoding: .utf8).split(separator: "\n").prefix(4)
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: folder.metrics))
        #expect(try folder.state() == .begun)
        // Settings by hand are somebody's work.
        try Data("training: {epochs: 3}\n".utf8).write(to: URL(fileURLWithPath: folder.configuration))
        #expect(try folder.state() == .foreign(folder.configuration))
        unlink(folder.configuration)
        #expect(try folder.state() == .foreign(folder.metrics))
    }

    @Test func aRunFolderIsFoundByItsCheckpoint() {
        #expect(RunFolder.holding("runs/a/checkpoints/last.ckpt")?.path == "runs/a")
        #expect(RunFolder.holding("/checkpoints/last.ckpt")?.path == "")
        #expect(RunFolder.holding("checkpoints/last.ckpt")?.path == ".")
        #expect(RunFolder.holding("last.ckpt") == nil)
        #expect(RunFolder("a").probe(of: "a/checkpoints/epoch-0003.ckpt") == "a/probe-epoch-0003.json")
    }

    @Test("Before its end a run's encoder is that of its newest checkpoint") func encoderOfACheckpoint() throws {
        let run = Run(home, "a")
        let folder = run.folder
        #expect(try run.train(tinyExperiment("training.keep=2"), images()) == .finished)
        let whole = try EncoderFile(folder.path)
        #expect(whole.notes.isEmpty && !whole.isOfCheckpoint)
        let wanted = try whole.encoder.stateDict.mapValues { try $0.toArray(Float.self) }
        let named = try EncoderFile(folder.checkpoint)
        #expect(
            named.isOfCheckpoint && named.folder?.path == folder.path
                && named.notes == ["\(folder.checkpoint): epoch 2 of 2"])
        #expect(try named.encoder.stateDict.mapValues { try $0.toArray(Float.self) } == wanted)
        unlink(folder.encoder)
        let newest = try EncoderFile(folder.path)
        #expect(newest.path == folder.checkpoint)
        #expect(
            newest.notes == ["\(folder.path) has no encoder.safetensors yet: using checkpoints/last.ckpt, epoch 2 of 2"]
        )
        // A run that goes on replaces the file, and it is not another for that.
        let hash = try newest.hash()
        #expect(try hash == EncoderFile.hash(folder.checkpoint))
        try AtomicFile.write("another", to: folder.checkpoint)
        #expect(try newest.hash() == hash)
        let older = try EncoderFile(folder.path)
        #expect(older.path == folder.checkpoint(epoch: 2))
        #expect(older.notes.count == 2 && older.notes[0].hasPrefix("\(folder.checkpoint): "))
        try FileManager.default.removeItem(atPath: folder.checkpoints)
        let error = #expect(throws: TrainingError.self) { try EncoderFile(folder.path) }
        #expect(error?.reason.contains("neither encoder.safetensors nor a checkpoint") == true)
    }

    @Test func anEncoderOfAnEarlierStopIsNoted() throws {
        let images = try images()
        let run = Run(home, "a")
        #expect(try run.train(tinyExperiment(), images, stopAfter: 3) == .interrupted)
        let early = try Data(contentsOf: URL(fileURLWithPath: run.folder.encoder))
        let description = try Data(contentsOf: URL(fileURLWithPath: run.folder.encoderDescription))
        #expect(try run.train(tinyExperiment(), images, resume: true) == .finished)
        // As a kill would have left them.
        try early.write(to: URL(fileURLWithPath: run.folder.encoder))
        try description.write(to: URL(fileURLWithPath: run.folder.encoderDescription))
        let note = try #require(EncoderFile(run.folder.path).notes.first)
        #expect(note.contains("is of epoch 0") && note.contains("last.ckpt is newer (epoch 2 of 2)"), "\(note)")
    }
}
