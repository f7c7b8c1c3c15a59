import Foundation
import Testing
import Torch
import Views

@testable import Contrast

@Suite("Pipeline files")
struct PipelinesTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../pipelines"

    @Test(
        "Those that are delivered can be run",
        arguments: try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".yaml") })
    func canBeRun(name: String) throws {
        let experiment = try ConfigurationReader(contentsOf: "\(Self.folder)/\(name)").read(Experiment.self)
        let pipeline = try ViewPipeline(experiment.views)
        #expect(pipeline.viewCount >= experiment.method.component.requirements.views)
        let generator = try Generator(seed: 0)
        let model = try experiment.method.component.build(
            encoder: experiment.encoder.component, generator: generator)
        #expect(!model.namedParameters.isEmpty)
        // What a run records reads back equal.
        let text = try ConfigurationWriter.yaml(experiment)
        let again = try ConfigurationReader(file: "again", text: text).read(Experiment.self)
        #expect(try ConfigurationWriter.yaml(again) == text)
    }
}
