import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Checksums of checkpoints", .serialized)
struct ChecksumTests {
    private let home: TemporaryFolder

    init() throws { home = try TemporaryFolder() }

    /// A run that was stopped at its fourth step, with a kept checkpoint of the third, and what restores its newest
    /// good one.
    private func stopped() throws -> (path: String, data: Data, restore: () throws -> Int) {
        let images = try makeImages(["blue", "green", "red"], each: 8, in: home)
        let experiment = try tinyExperiment("training.keep=2")
        let run = Run(home, "run")
        #expect(try run.train(experiment, images, stopAfter: 4) == .interrupted)
        let resumption = try Resumption(run, experiment, images)
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, generator: Generator(seed: 9))
        let optimizer = try experiment.training.optimizer.component.build(model.namedParameters)
        let keeper = CheckpointKeeper(folder: run.folder, keep: 2)
        let path = run.folder.checkpoint
        return (
            path, try Data(contentsOf: URL(fileURLWithPath: path)),
            { try keeper.restore(resumption, into: model, optimizer, notice: { _ in }).step }
        )
    }

    @Test("One bit that flips anywhere is noticed, and the run goes on from the kept checkpoint") func flips() throws {
        let (path, data, restore) = try stopped()
        #expect(try restore() == 4)
        let header = 8 + Int(data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
        // Every byte of the header, and the tensors' from the first to the last; the bit varies.
        let places = Array(0..<header) + stride(from: header, to: data.count, by: 97) + [data.count - 1]
        for (trial, place) in places.enumerated() {
            var changed = data
            changed[place] ^= 1 << UInt8(trial % 8)
            try changed.write(to: URL(fileURLWithPath: path))
            #expect(try restore() == 3, "bit \(trial % 8) of byte \(place), the header has \(header)")
        }
        // A block that came back as zeros, and one of another place.
        for block in [Data(count: 512), data.prefix(512)] {
            var changed = data
            changed.replaceSubrange(data.count - 512..<data.count, with: block)
            try changed.write(to: URL(fileURLWithPath: path))
            #expect(try restore() == 3)
        }
    }

    @Test("The digest is that of the file with zeros in its place") func digest() throws {
        let (path, data, _) = try stopped()
        let text = try #require(Safetensors(contentsOf: path).metadata["sha256"])
        #expect(text.count == 64)
        let place = try #require(data.range(of: Data(text.utf8)))
        var plain = data
        plain.replaceSubrange(place, with: Data(repeating: 0x30, count: 64))
        #expect(SHA256.hexadecimal(plain) == text)
    }

    @Test("What notes say cannot pass for the digest") func notesThatLookLikeIt() throws {
        let note = #""sha256":""# + String(repeating: "a", count: 64)
        let notes = ["a": note, "sha256": Checksum.placeholder.value, "z": note]
        var bytes = try Safetensors(tensors: [:], metadata: notes).bytes()
        #expect(Checksum.embed(in: &bytes))
        #expect(Checksum.verify(Data(bytes)) == true)
        var plain = try Safetensors(tensors: [:], metadata: ["a": note]).bytes()
        #expect(!Checksum.embed(in: &plain))
        #expect(Checksum.verify(Data(plain)) == nil)
    }

    @Test("Without its checksum a checkpoint is damaged") func noChecksum() throws {
        let (path, _, restore) = try stopped()
        var file = try Safetensors(contentsOf: path)
        file.metadata["sha256"] = nil
        try file.write(to: path)
        #expect(try restore() == 3)
    }
}
