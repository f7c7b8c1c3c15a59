import Foundation
import Testing

@Suite("Arguments and exit codes")
struct ArgumentsTests {
    @Test(arguments: [
        "train", "probe", "retrieve", "embed", "diagnose", "estimate", "report", "export", "views", "scan", "pack",
        "bench", "doctor", "pipelines", "sweep", "runs",
    ])
    func everyCommandExplainsItself(command: String) throws {
        let result = try diptych(command, "--help")
        #expect(result.status == 0)
        #expect(result.output.contains("USAGE: diptych \(command)"))
        #expect(result.errors.isEmpty)
    }

    @Test func theCommandListsItsParts() throws {
        let result = try diptych("--help")
        #expect(result.status == 0)
        for command in ["train", "probe", "retrieve", "embed", "views", "scan", "doctor"] {
            #expect(result.output.contains("\n  \(command) "))
        }
        #expect(try diptych("--version").output == "0.1.0\n")
    }

    @Test(arguments: [
        (["train"], "images"), (["fly"], "fly"), (["train", "x", "--epochs", "0"], "--epochs must be at least 1"),
        (["train", "x", "--epochs", "many"], "many"), (["train", "x", "--resume"], "--resume needs --output"),
        (["train", "x", "--max-bad", "2"], "0...1"), (["train", "x", "--device", "tpu"], "tpu"),
        (["views", "x", "--output", "sheet.gif"], ".png or .npy"), (["views", "x"], "--output"),
        (["embed", "r", "x", "--output", "f.txt"], ".npy"), (["probe", "r", "x", "--cost", "-1"], "--cost"),
        (["probe", "r", "x", "--knn-k", "0"], "--knn-k must be at least 1"),
        (["probe", "r", "x", "--knn-temperature", "0"], "--knn-temperature must be positive"),
        (["probe", "r", "x", "--knn-uniform", "--knn-temperature", "1"], "--knn-uniform"),
        (["probe", "r", "x", "--zero-shot", "--knn-uniform"], "--zero-shot"), (["probe", "r"], "--weights FILE"),
        (["probe", "--weights", "w.pth"], "give IMAGES"),
        (["probe", "--weights", "w", "r", "x"], "got 2 paths"),
        (["probe", "r", "x", "--labels", "0%"], "--labels"), (["probe", "r", "x", "--labels", "5"], "--labels"),
        (["probe", "r", "x", "--shots", "1,0"], "--shots"), (["probe", "r", "x", "--cost", "best"], "--cost"),
        (["probe", "r", "x", "--zero-shot", "--beside", "random"], "--beside"),
        (["embed", "r", "--output", "f.npy"], "give IMAGES"), (["export", "--output", "e.onnx"], "give RUN"),
        (["scan", "x", "--threads", "0"], "--threads must be at least 1"), (["pack", "x"], "--output"),
        (["bench", "x", "--seconds", "0"], "--seconds must be in"), (["bench", "x", "--threads", "0"], "--threads"),
        (["diagnose"], "--views"), (["diagnose", "--views", "a.npy"], "two .npy files"),
        (["diagnose", "r", "--views", "a.npy", "b.npy"], "--views"),
        (["diagnose", "--views", "a.npy", "b.npy", "--temperature", "0"], "--temperature"),
        (["estimate"], "--views"), (["estimate", "--views", "a.npy"], "two .npy files"),
        (["estimate", "--gaussian", "--scores", "s.npy"], "one of"),
        (["estimate", "--scores", "s.npy", "--critic", "dot"], "--scores"),
        (["estimate", "--gaussian", "--plot", "a.png"], ".svg"),
        (["estimate", "--gaussian", "--information", "-1"], "--information"),
        (["estimate", "--gaussian", "--saturation", "--steps", "5"], "--saturation"),
        (["estimate", "--gaussian", "--candidates", "2"], "4...65536"),
        (["pack", "x", "--output", "y", "--count", "0"], "--count must be at least 1"),
    ])
    func unusableArgumentsAreOneLineAndStatusTwo(arguments: [String], said: String) throws {
        let result = try CommandProcess(arguments).finish()
        #expect(result.status == 2)
        #expect(result.output.isEmpty)
        #expect(result.errors.contains(said))
        #expect(result.errors.split(separator: "\n").count == 1)
    }

    @Test func configurationErrorsNameFileAndPath() throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 2)
        let file = try place.write("views: {branches: [{steps: [{color_jitter: {hue: 3}}]}]}", "bad.yaml")
        for command in [["views", images, "--output", place("s.png")], ["train", images, "--output", place("run")]] {
            let result = try CommandProcess(command + ["--pipeline", file]).finish()
            #expect(result.status == 2)
            #expect(result.errors.contains("bad.yaml: views.branches[0].steps[0].color_jitter.hue: must be in"))
        }
        let set = try diptych("train", images, "--set", "trainig.epochs=3", "--output", place("run"))
        #expect(set.status == 2)
        #expect(set.errors.contains("training"))
        #expect(!FileManager.default.fileExists(atPath: place("run")))
    }

    @Test(arguments: ["scan", "views", "train", "probe"])
    func unusableDataAreStatusThree(command: String) throws {
        let place = try Playground()
        let run = try place.pictures(["a", "b"], each: 12, in: "others")
        try FileManager.default.createDirectory(atPath: place("empty"), withIntermediateDirectories: true)
        for folder in ["absent", "empty"] {
            var arguments = [command, place(folder)]
            switch command {
            case "views": arguments += ["--output", place("s.png")]
            case "train": arguments += ["--output", place("run-\(folder)")]
            case "probe":
                let made = try diptych(
                    "train", run, "--pipeline", try place.pipeline(epochs: 1), "--output", place("run"))
                #expect(made.status == 0 || folder == "empty")
                arguments.insert(place("run"), at: 1)
            default: break
            }
            let result = try CommandProcess(arguments).finish()
            #expect(result.status == 3)
            #expect(result.errors.contains(folder))
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }

    @Test func doctorSaysWhatIsThere() throws {
        let result = try diptych("doctor", "--json")
        #expect(result.status == 0)
        let found = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        #expect(found?["libtorch"] is String)
        #expect((found?["problems"] as? [String]) == [])
        #expect(try diptych("doctor").output.contains("libtorch   "))
    }
}
