import Files
import Foundation
import Testing
import Torch

@testable import Contrast

@Suite("Checkpoints")
struct CheckpointTests {
    private let folder: TemporaryFolder
    private var path: String { "\(folder.path)/last.ckpt" }

    private func model(_ seed: UInt64) throws -> (any ContrastiveModel, any Optimizer) {
        let model = try SimCLR().build(encoder: architecture("convnet: {width: 2}"), generator: Generator(seed: seed))
        var settings = AdamWConfiguration()
        settings.lr = 0.01
        return (model, try settings.build(model.namedParameters))
    }

    private func step(_ model: any ContrastiveModel, _ optimizer: any Optimizer) throws {
        try optimizer.zeroGrad()
        try model.objective([
            ViewTensor(images: Tensor.cat([Fixture.images([8, 8]), Fixture.images([8, 8]) * 0.9], dim: 0), count: 2)
        ])
        .loss.backward()
        try optimizer.step(factor: 0.5)
    }

    private func numbers(_ model: any ContrastiveModel, _ optimizer: any Optimizer) throws -> [String: [Double]] {
        try model.stateDict.mapValues { try $0.toArray() }.merging(optimizer.state.mapValues { try $0.toArray() }) {
            $1
        }
    }

    private func position() -> Checkpoint.Position {
        var position = Checkpoint.Position(epoch: 3, batch: 7, step: 41, skipped: 2)
        position.meter = EpochMeter(
            steps: 1, loss: 1.1, images: 8, seconds: 0.1 + 0.2, ceiling: log(15), bounded: 1, bound: log(15) - 1.1)
        return position
    }

    init() throws { folder = try TemporaryFolder() }

    @Test func holdsEverything() throws {
        let (model, optimizer) = try model(1)
        try step(model, optimizer)
        let written = Checkpoint(position: position(), configuration: "a: 1\n")
        try written.write(model: model, optimizer: optimizer, to: path)
        let (again, other) = try self.model(2)
        let file = try CheckpointFile(path)
        try file.load(into: again, other)
        #expect(file.checkpoint.position == written.position)
        #expect(file.checkpoint.configuration == "a: 1\n")
        #expect(file.checkpoint.data == nil && file.checkpoint.machine == nil)
        #expect(try numbers(again, other) == numbers(model, optimizer))
        // And the next step is the same.
        try step(model, optimizer)
        try step(again, other)
        #expect(try numbers(again, other) == numbers(model, optimizer))
    }

    @Test func saysWhichImagesAndWhatComputed() throws {
        let (model, optimizer) = try model(1)
        let images = try makeImages(["a", "b"], each: 3, in: folder)
        var written = Checkpoint(position: position(), configuration: "a: 1\n")
        written.data = RunData(train: images, heldOut: nil)
        written.machine = MachineRecord(Machine(device: .cpu, threads: 3), ranks: 2)
        try written.write(model: model, optimizer: optimizer, to: path)
        let read = try CheckpointFile(path).checkpoint
        #expect(read.data == written.data && read.data?.train.count == 6 && read.data?.classes == ["a", "b"])
        #expect(read.machine == written.machine && read.machine?.threads == 3)
    }

    @Test func refusesOtherFiles() throws {
        let (model, optimizer) = try model(1)
        let before = try numbers(model, optimizer)
        // What cannot be read is not called damaged.
        for place in [path, folder.path] {
            let error = #expect(throws: FileError.self) { try CheckpointFile(place) }
            #expect(error?.path == place)
        }
        try Safetensors(tensors: model.stateDict).write(to: path)
        let foreign = #expect(throws: TrainingError.self) { try CheckpointFile(path) }
        #expect(foreign?.reason.contains("is not a checkpoint") == true)
        try Checkpoint(position: position(), configuration: "a: 1\n").write(
            model: model, optimizer: optimizer, to: path)
        let wider = try SimCLR().build(encoder: architecture("convnet: {width: 3}"), generator: Generator(seed: 1))
        let misfit = #expect(throws: TrainingError.self) { try CheckpointFile(path).load(into: wider, optimizer) }
        #expect(misfit?.reason.contains("does not fit the model") == true)
        #expect(try numbers(model, optimizer) == before)
        try Data().write(to: URL(fileURLWithPath: path))
        #expect(throws: SafetensorsError.self) { try CheckpointFile(path) }
    }
}
