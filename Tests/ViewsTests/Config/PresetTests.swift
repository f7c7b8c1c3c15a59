import Foundation
import Testing

@testable import Views

@Suite("Presets")
struct PresetTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../../pipelines"

    @Test func theyAreTheFilesOfPipelines() throws {
        let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder).filter { $0.hasSuffix(".yaml") }
        #expect(Preset.all.map(\.name) == files.map { String($0.dropLast(5)) }.sorted())
        for preset in Preset.all {
            #expect(try preset.text == String(contentsOfFile: "\(Self.folder)/\(preset.name).yaml", encoding: .utf8))
            #expect(preset.summary.hasSuffix(".") && preset.summary.count > 30, "\(preset.name): \(preset.summary)")
        }
    }

    @Test func aNameIsAPresetAndAPathIsNot() throws {
        let root = try TemporaryFolder()
        try root.write(["simclr-32"], Data("views: {normalize: {}}".utf8))
        try root.write(["own.yaml"], Data("base: moco-32\ntraining: {epochs: 3}".utf8))
        #expect(try ConfigurationReader(contentsOf: "simclr-32").sections.contains("method"))
        #expect(try ConfigurationReader(contentsOf: "\(root.path)/simclr-32").sections == ["views"])
        let own = try ConfigurationReader(contentsOf: "\(root.path)/own.yaml")
        #expect(own.sections.isSuperset(of: ["method", "training", "views"]))
        #expect(try ViewPipeline(own).branches[0].size.width == 32)
        #expect(try ConfigurationReader(file: "pipeline", text: "base: simclr-32").sections.contains("encoder"))
        #expect(throws: ConfigurationError.self) { try ConfigurationReader(contentsOf: "simclr-32.yaml") }
        #expect(
            throws: ConfigurationError(
                file: "simclr-31", path: "", reason: "no such file or directory; did you mean simclr-32?")
        ) { try ConfigurationReader(contentsOf: "simclr-31") }
    }
}
