import Foundation
import Testing
import Torch
import Views

@testable import Contrast

/// What was said.
private final class Notices: TrainingObserver {
    var said: [String] = []
    func notice(_ message: String) { said.append(message) }
    func stepped(_ progress: TrainingProgress) {}
    func finished(_ epoch: EpochRecord) {}
}

@Suite("Monitors")
struct MonitorTests {
    private func run(_ overrides: [String]) throws -> (said: [String], diagnoses: [DiagnosisRecord]) {
        let place = try TemporaryFolder()
        let images = try makeImages(["a", "b"], each: 32, in: place)
        let folder = RunFolder("\(place.path)/run")
        let text = try ConfigurationWriter.yaml(tinyExperiment("training.batch_size=32", "training.epochs=3"))
        let experiment = try ConfigurationReader(file: "test", text: text, overrides: overrides).read(Experiment.self)
        let notices = Notices()
        let trainer = try Trainer(
            experiment, images: images, folder: folder, machine: Machine(device: .cpu, threads: 1), observer: notices)
        #expect(try trainer.run() == .finished)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let lines = try Data(contentsOf: URL(fileURLWithPath: folder.metrics)).split(separator: 0x0A)
        return (notices.said, lines.compactMap { try? decoder.decode(DiagnosisRecord.self, from: Data($0)) })
    }

    @Test(arguments: [0, 1e-4]) func aCollapseIsNamedOnce(noise: Double) throws {
        let place = try TemporaryFolder()
        let log = try RunLog(RunFolder("\(place.path)/run"), resumingAt: Checkpoint.Position())
        let notices = Notices()
        var monitor = Monitor(every: 1)
        func rows(_ stream: UInt64) throws -> Tensor {
            let spread = try Tensor(Fixture.hashed(64 * 8, stream: stream), shape: [64, 8]).to(.float32)
            return try spread * noise + 1
        }
        let loss = try Tensor.full([], log2(64))
        for epoch in 1...2 {
            let objective = Objective(loss: loss, candidates: 64, contrast: nil, embeddings: (try rows(1), try rows(2)))
            try monitor.look(
                at: objective, temperature: 0.2, epoch: epoch, step: epoch, log: log, observer: notices)
        }
        #expect(notices.said.count == 1, "\(notices.said)")
        let wanted = noise == 0 ? "all rows are equal" : "complete_collapse"
        #expect(notices.said.first?.contains(wanted) == true, "\(notices.said)")
        // The whole remedy, in lines of the pipeline file.
        if noise > 0 {
            #expect(notices.said.first?.contains("Try:\n    method: {simclr") == true, "\(notices.said)")
            #expect(notices.said.first?.contains("\n    training: {schedule") == true, "\(notices.said)")
        }
    }

    @Test(arguments: [(0, 0), (2, 1), (1, 3)]) func theIntervalIsTheUsers(every: Int, count: Int) throws {
        let found = try run(["evaluation.diagnose_every=\(every)"])
        #expect(found.diagnoses.count == count)
        #expect(found.diagnoses.allSatisfy { $0.kind == "diagnosis" && $0.epoch % max(every, 1) == 0 })
    }
}
