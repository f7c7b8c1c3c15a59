import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Cross-validation", .serialized)
struct CrossValidationTests {
    private let home: TemporaryFolder
    private let machine = Machine(device: .cpu, threads: 2)

    init() throws { home = try TemporaryFolder() }

    @Test func everyImageIsJudgedOnceAndTheSpreadIsTold() throws {
        let images = try makeImages(["a", "b", "c"], each: 6, in: home)
        let experiment = try tinyExperiment()
        let encoder = try experiment.encoder.component.build(generator: Generator(seed: 9))
        let extractor = FeatureExtractor(pipeline: try ViewPipeline(experiment.views), machine: machine)
        func scores(_ source: any Source, _ count: Int, seed: UInt64 = 3) throws -> CrossValidation {
            try CrossValidation(encoder, on: source, count: count, seed: seed, cost: 1, extractor: extractor)
        }
        let found = try scores(images, 3)
        #expect(found.images == 18 && found.rule == "3 folds, stratified, seed 3")
        #expect(found.linearProbe.folds.count == 3 && found.knn.folds.count == 3)
        let mean = found.linearProbe.folds.reduce(0, +) / 3
        #expect(abs(found.linearProbe.mean - mean) < 1e-12)
        #expect(try scores(images, 3) == found)
        #expect(throws: DataError.self) { try scores(images, 19) }
        // Without a class that training has, nothing can be scored.
        #expect(throws: TrainingError.self) { try scores(Subset(images, indices: [0, 1, 2, 3]), 2) }
    }

    @Test func theSpreadIsThatOfASample() {
        let spread = CrossValidation.Spread([0.5, 0.7, 0.9])
        #expect(abs(spread.mean - 0.7) < 1e-12 && abs(spread.std - 0.2) < 1e-12)
    }
}
