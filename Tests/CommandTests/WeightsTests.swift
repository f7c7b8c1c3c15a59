import Foundation
import Testing

@Suite("Weights from elsewhere, by commands")
struct WeightsTests {
    private static let folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../ContrastTests/Fixtures/weights"
    private let place: Playground

    init() throws { place = try Playground() }

    @Test func weightsAreScoredBesideOthersWithoutARun() throws {
        let images = try place.pictures(["a", "b"], each: 12)
        let probed = try diptych(
            "probe", "--weights", "\(Self.folder)/moco.pth", images, "--beside", "random", "--labels", "50%", "--shots",
            "1", "--repeats", "2", "--cost", "auto", "--output", place("scores.json"))
        #expect(probed.status == 0, "\(probed.errors)")
        #expect(probed.errors.contains("weights: all 100 tensors of resnet18"))
        #expect(probed.errors.contains("ImageNet's mean and standard deviation"))
        for word in ["resnet18", "random weights", "50%", "1 shot"] { #expect(probed.output.contains(word)) }
        // Two scores and two leads, each with its interval.
        let row = probed.output.split(separator: "\n").first { $0.hasPrefix("random weights") }
        #expect(row?.split(separator: " ").count { $0 == "to" } == 4, "\(probed.output)")
        let scores = Data(try place.read("scores.json").utf8)
        let report = try JSONSerialization.jsonObject(with: scores) as? [String: Any]
        let comparison = try #require(report?["comparison"] as? [String: Any])
        let rivals = try #require(comparison["rivals"] as? [[String: Any]])
        #expect(rivals.count == 1 && rivals[0]["name"] as? String == "random")
        #expect((rivals[0]["few_labels"] as? [Any])?.count == 2 && (report?["few_labels"] as? [Any])?.count == 2)
        #expect((rivals[0]["linear_probe_lead"] as? [String: Any])?["low"] is Double)
    }

    @Test func aPageShowsThemWithoutARun() throws {
        let images = "\(Self.folder)/../../../ViewsTests/Fixtures/good"
        let arguments = ["report", "--weights", "\(Self.folder)/moco.pth", "--images", images]
        let written = try CommandProcess(arguments + ["--output", place("page.html")]).finish()
        #expect(written.status == 0, "\(written.errors)")
        let page = try place.read("page.html")
        for text in ["moco.pth has no scores yet: run diptych probe --weights", "id=\"neighbours\"", "resnet18"] {
            #expect(page.contains(text), "\(text)")
        }
        let homeless = try CommandProcess(arguments).finish()
        #expect(homeless.status == 2 && homeless.errors.contains("--output"), "\(homeless.errors)")
    }

    @Test func aRunStartsFromWeightsAndDoesNotReadThemAgain() throws {
        let images = try place.pictures(["a", "b"], each: 12)
        try FileManager.default.copyItem(atPath: "\(Self.folder)/moco.pth", toPath: place("w.pth"))
        let file = try place.pipeline(epochs: 2)
        let arguments = [
            "train", images, "--pipeline", file, "--encoder", "{resnet18: {width: 1}}", "--weights", place("w.pth"),
            "--output", place("run"),
        ]
        let trained = try CommandProcess(arguments + ["--epochs", "1"]).finish()
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.errors.contains("weights: all 100 tensors of resnet18"))
        #expect(try place.read("run/config.yaml").contains("w.pth"))
        try FileManager.default.removeItem(atPath: place("w.pth"))
        let resumed = try diptych("train", images, "--output", place("run"), "--resume", "--epochs", "2")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(!resumed.errors.contains("weights: "))
        let exported = try diptych("export", "--weights", place("run"), "--output", place("e.onnx"))
        #expect(exported.status == 0, "\(exported.errors)")
    }

    @Test(arguments: [
        ("nan.pth", "infinite or NaN"), ("make.py", "neither a safetensors file nor one of torch.save"),
        ("absent.pth", "there is no such file"),
    ])
    func badWeightsAreOneLineAndNothingIsWritten(name: String, said: String) throws {
        let images = try place.pictures(["a", "b"], each: 4)
        for command in [
            ["probe", images, "--output", place("s.json")], ["embed", images, "--output", place("f.npy")],
            ["export", "--output", place("e.onnx")],
            ["train", images, "--set", "views.branches[0].size=32", "--output", place("run")],
        ] {
            let result = try CommandProcess(command + ["--weights", "\(Self.folder)/\(name)"]).finish()
            #expect(result.status == 2, "\(command[0]): \(result.errors)")
            #expect(result.errors.contains(said), "\(result.errors)")
            #expect(result.output.isEmpty)
        }
        for left in ["s.json", "f.npy", "e.onnx", "run"] {
            #expect(!FileManager.default.fileExists(atPath: place(left)))
        }
    }
}
