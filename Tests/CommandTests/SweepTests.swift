import Foundation
import Testing

@Suite("pipelines, sweep, runs and --dry-run")
struct SweepTests {
    @Test func pipelinesAreListedAndPrinted() throws {
        let listed = try diptych("pipelines")
        #expect(listed.status == 0 && listed.output.contains("simclr-32"))
        let printed = try diptych("pipelines", "simclr-32")
        #expect(printed.output.contains("method:") && printed.output.hasPrefix("# SimCLR"))
        let unknown = try diptych("pipelines", "simclr-31")
        #expect(unknown.status == 2 && unknown.errors.contains("did you mean simclr-32?"))
    }

    @Test func aDryRunPrintsSettingsAndCostAndWritesNothing() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 20)
        let result = try diptych(
            "train", images, "--pipeline", try place.pipeline(epochs: 7), "--output", place("run"), "--dry-run",
            "--threads", "1")
        #expect(result.status == 0, "\(result.errors)")
        for words in [
            "epochs: 7", "# images      32, 8 held out", "# steps       4 an epoch, 28 in 7", "MiB", "ms a step",
        ] {
            #expect(result.output.contains(words), "\(words) is not in \(result.output)")
        }
        #expect(!FileManager.default.fileExists(atPath: place("run")))
        // What it prints can be a pipeline.
        try place.write(result.output, "again.yaml")
        let again = try diptych("views", images, "--pipeline", place("again.yaml"), "--output", place("v.png"))
        #expect(again.status == 0, "\(again.errors)")
        #expect(try diptych("train", images, "--dry-run", "--resume", "--output", "x").status == 2)
    }

    @Test func aGridIsTrainedOnceAndShownInATable() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 20)
        let arguments = [
            "sweep", images, "--pipeline", try place.pipeline(epochs: 1), "--set", "lr=0.1,0.2", "--set",
            "temperature=0.5,0.1", "--output", place("grid"), "--threads", "1", "--probe",
        ]
        let first = try CommandProcess(arguments).finish()
        #expect(first.status == 0, "\(first.errors)")
        let names = ["lr=0.1_temperature=0.5", "lr=0.1_temperature=0.1", "lr=0.2_temperature=0.5"]
        for name in names {
            #expect(first.output.contains("\(name)  simclr  convnet     1/1  finished"), "\(first.output)")
            #expect(FileManager.default.fileExists(atPath: place("grid/\(name)/probe.json")))
        }
        #expect(try place.read("grid/\(names[2])/config.yaml").contains("lr: 0.2"))
        let again = try CommandProcess(arguments).finish()
        #expect(again.status == 0 && again.output == first.output)
        #expect(again.errors.components(separatedBy: ": is finished").count == 5, "\(again.errors)")
        // The same folder is not for other settings.
        let other = try CommandProcess(arguments + ["--set", "training.batch_size=4"]).finish()
        #expect(other.status == 2 && other.errors.contains("training.batch_size is 4, was 8"), "\(other.errors)")

        let sorted = try diptych("runs", place("grid"), "--sort", "probe", "--json")
        let table = try JSONSerialization.jsonObject(with: Data(sorted.output.utf8)) as? [String: Any]
        let runs = try #require(table?["runs"] as? [[String: Any]])
        let scores = runs.compactMap { $0["probe"] as? Double }
        #expect(scores.count == 4 && scores == scores.sorted(by: >))
        #expect(runs[0]["epochs"] as? Int == 1 && runs[0]["state"] as? String == "finished")
        let lines = try diptych("runs", place("grid"), "--csv").output.split(separator: "\n")
        #expect(try diptych("runs", place("grid"), "--sort", "speed").errors.contains("valid are name, method,"))
        #expect(lines.count == 5 && lines[0].hasPrefix("name,path,method") && lines[1].hasPrefix("lr=0.1_temp"))
    }

    @Test func aStoppedSweepGoesOnAndWhatAnotherHasIsLeftToIt() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 40)
        let arguments = [
            "sweep", images, "--pipeline", try place.pipeline(epochs: 200), "--set", "lr=0.1,0.2", "--output",
            place("grid"), "--threads", "1", "--set", "checkpoint_epochs=2", "--set", "knn_every=0",
        ]
        // A task of an array begins at another run.
        let first = try CommandProcess(arguments)
        let second = try CommandProcess(arguments, environment: ["SLURM_ARRAY_TASK_ID": "1"])
        for name in ["lr=0.1", "lr=0.2"] {
            wait { FileManager.default.fileExists(atPath: place("grid/\(name)/checkpoints/last.ckpt")) }
        }
        let running = try diptych("runs", place("grid"))
        #expect(running.output.contains("running"), "\(running.output)")
        first.send(SIGUSR1)
        let stopped = first.finish()
        #expect(stopped.status == 75, "\(stopped.errors)")
        #expect(stopped.errors.contains("interrupted; the same line again goes on with"))
        second.send(SIGINT)
        #expect(second.finish().status == 130)
        let resumed = try CommandProcess(arguments).finish()
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(resumed.output.components(separatedBy: "200/200  finished").count == 3, "\(resumed.output)")
        let epochs = try place.read("grid/lr=0.1/metrics.jsonl").components(separatedBy: "\"kind\":\"epoch\"").count
        #expect(epochs == 201)
    }

    @Test(arguments: [
        (["lrr=1,2"], "--set: lrr: is not a setting"), (["size=1,2", "count=1,2"], "--set: size: "),
        (["lr=1"], "--set: no setting has several values"),
        (["method={swav: {prototypes: 3}},{swav: {prototypes: 2}}", "lr=1,-1"], "lr: must be"),
        (["views.branches[0].count=2,1"], "views.branches: must make at least 2 views"),
    ])
    func nothingIsWrittenForAGridThatCannotBe(settings: [String], said: String) throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 5)
        let result = try CommandProcess(
            ["sweep", images, "--pipeline", try place.pipeline(), "--output", place("grid")]
                + settings.flatMap { ["--set", $0] }
        ).finish()
        #expect(result.status == 2 && result.errors.contains(said), "\(result.errors)")
        #expect(!FileManager.default.fileExists(atPath: place("grid")))
    }

    @Test func aFailedRunDoesNotEndTheSweep() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 20)
        let result = try diptych(
            "sweep", images, "--pipeline", try place.pipeline(epochs: 1), "--set", "lr=1e30,0.1", "--output",
            place("grid"), "--threads", "1")
        #expect(result.status == 1 && result.errors.contains("1 of 2 runs failed: lr=1e30"), "\(result.errors)")
        #expect(result.output.contains("1/1  finished"), "\(result.output)")
    }

    @Test func whatHoldsNoRunsIsSaid() throws {
        let place = try Playground()
        #expect(try diptych("runs", place("none")).errors.contains("there is no such folder"))
        let empty = try diptych("runs", place.path)
        #expect(empty.status == 2 && empty.errors.contains("there are no runs"))
        #expect(try diptych("runs", place.path, "--json").output == "{\n  \"runs\" : [\n\n  ]\n}\n")
    }
}
