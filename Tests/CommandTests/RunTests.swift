import Foundation
import Testing

@Suite("train, probe and embed")
struct RunTests {
    /// A line of metrics.jsonl.
    private func records(_ text: String, kind: String) -> [[String: Any]] {
        text.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }.filter { $0["kind"] as? String == kind }
    }

    @Test func theMainJobEndToEnd() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green", "blue"], each: 20)
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: images + "/red/broken.png"))
        let trained = try diptych(
            "train", images, "--pipeline", try place.pipeline(), "--output", place("run"), "--max-bad", "0.1",
            "--threads", "2")
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.output == place("run") + "/encoder.safetensors\n")
        for word in ["images/s", "loss", "MI >=", "data_wait", "kNN"] { #expect(trained.errors.contains(word)) }

        let epochs = records(try place.read("run/metrics.jsonl"), kind: "epoch")
        #expect(epochs.count == 2)
        #expect(epochs.last?["val_knn_top1"] is Double)
        for name in ["config.yaml", "encoder.json", "head.safetensors", "checkpoints/last.ckpt", "views.png"] {
            #expect(FileManager.default.fileExists(atPath: place("run/\(name)")))
        }
        let events = try FileManager.default.contentsOfDirectory(atPath: place("run"))
        #expect(events.contains { $0.hasPrefix("events.out.tfevents.") })

        let strict = try diptych("probe", place("run"), images)
        #expect(strict.status == 3)
        #expect(strict.errors.contains("--max-bad"))
        let probed = try diptych("probe", place("run"), images, "--control", "--max-bad", "0.1")
        #expect(probed.status == 0, "\(probed.errors)")
        for word in ["trained", "random", "linear probe", "kNN", "chance"] { #expect(probed.output.contains(word)) }
        let scores = Data(try place.read("run/probe.json").utf8)
        let report = try JSONSerialization.jsonObject(with: scores) as? [String: Any]
        let linear = report?["linear_probe"] as? [String: Any]
        #expect((linear?["top1"] as? Double ?? 0) > 0.9)
        let encoder = report?["encoder"] as? [String: Any]
        #expect(encoder?["sha256_before"] as? String == encoder?["sha256_after"] as? String)

        let race = try diptych(
            "probe", place("run"), images, "--knn-k", "10", "--knn-uniform", "--max-bad", "0.1", "--output",
            place("race.json"))
        #expect(race.output.contains("kNN       cosine, k = 10, each with one vote"), "\(race.errors)")
        let raced = try JSONSerialization.jsonObject(with: Data(try place.read("race.json").utf8)) as? [String: Any]
        #expect((raced?["knn"] as? [String: Any])?["weight"] as? String == "1")

        let embedded = try diptych(
            "embed", place("run"), images, "--output", place("f/features.npy"), "--max-bad", "0.1")
        #expect(embedded.status == 0, "\(embedded.errors)")
        #expect(try place.read("f/paths.txt").split(separator: "\n").count == 60)
        let header = try Data(contentsOf: URL(fileURLWithPath: place("f/features.npy"))).prefix(128)
        #expect(String(decoding: header, as: UTF8.self).contains("'shape': (60, 16,)"))
    }

    @Test func aRunIsNotOverwrittenAndResumesOnlyWhatIsThere() throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 12)
        let pipeline = try place.pipeline(epochs: 1)
        let run = place("run")
        #expect(try diptych("train", images, "--output", run, "--resume").status == 2)
        #expect(try diptych("train", images, "--pipeline", pipeline, "--output", run).status == 0)
        let again = try diptych("train", images, "--pipeline", pipeline, "--output", run)
        #expect(again.status == 2)
        #expect(again.errors.contains("--resume"))
        let other = try diptych("train", images, "--pipeline", pipeline, "--output", run, "--resume", "--seed", "7")
        #expect(other.status == 2)
        #expect(other.errors.contains("another configuration"))
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalEndsARunAfterACheckpointAndResumeEndsAsIfNeverStopped(signal: Int32) throws {
        let place = try Playground()
        let images = try place.pictures(["a", "b"], each: 40)
        let pipeline = try place.pipeline(epochs: 60)
        let whole = try diptych("train", images, "--pipeline", pipeline, "--output", place("whole"), "--threads", "1")
        #expect(whole.status == 0)
        let process = try CommandProcess(
            ["train", images, "--pipeline", pipeline, "--output", place("run"), "--threads", "1"])
        // The first line of metrics comes after the first step; from then on the run can be stopped.
        for _ in 0..<600 where !FileManager.default.fileExists(atPath: place("run/metrics.jsonl")) {
            usleep(10_000)
        }
        process.send(signal)
        let stopped = process.finish()
        #expect(stopped.status == 130, "\(stopped.errors)")
        #expect(stopped.errors.contains("--resume"))
        let resumed = try diptych("train", images, "--output", place("run"), "--threads", "1", "--resume")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let files = [place("whole/encoder.safetensors"), place("run/encoder.safetensors")]
        #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]))
    }

    @Test func unlabelledImagesTrainAndSayThatThereIsNothingToProbe() throws {
        let place = try Playground()
        let images = try place.pictures(["."], each: 24)
        let run = place("run")
        let trained = try diptych("train", images, "--pipeline", try place.pipeline(), "--output", run)
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(trained.errors.contains("no classes"))
        let probed = try diptych("probe", run, images)
        #expect(probed.status == 3)
        #expect(probed.errors.contains("class folders"))
    }
}
