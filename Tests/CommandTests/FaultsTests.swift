import Foundation
import Testing

/// What happens to a run from outside: kills, full disks, a second process, machines that are taken away.
@Suite("Runs that are disturbed", .serialized)
struct FaultsTests {
    private let place: Playground

    init() throws { place = try Playground() }

    /// The scripts in Benchmarks need it.
    private static let hasPython: Bool = (try? run("command -v python3"))?.status == 0

    /// Runs one of the scripts in Benchmarks against the built command.
    private func script(_ name: String, _ arguments: String) throws -> (status: Int32, output: String) {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        return try run("exec python3 '\(root)/Benchmarks/\(name)' --diptych '\(CommandProcess.program)' \(arguments)")
    }

    /// Runs a line of the shell, its errors with its output.
    private static func run(_ line: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    private func run(_ line: String) throws -> (status: Int32, output: String) { try FaultsTests.run(line) }

    private func digest(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: place(name))) }

    private func waitFor(_ name: String) {
        for _ in 0..<3000 where !FileManager.default.fileExists(atPath: place(name)) { usleep(10_000) }
    }

    @Test(
        "Kills at random instants change nothing, see Benchmarks/resume", .enabled(if: hasPython, "there is no python3")
    )
    func kills() throws {
        let result = try script("resume/kill.py", "--kills 5 --epochs 3")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.contains("5 kills in "))
    }

    @Test(
        "Spoiled files let nothing grow, see Benchmarks/soak", .enabled(if: hasPython, "there is no python3"),
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd"), "there is no /proc"))
    func soak() throws {
        let result = try script("soak/soak.py", "--seconds 6")
        #expect(result.status == 0, "\(result.output)")
    }

    @Test func aSecondProcessIsToldOfTheFirst() throws {
        let images = try place.pictures(["a", "b"], each: 20)
        let first = try CommandProcess(
            [
                "train", images, "--pipeline", try place.pipeline(epochs: 100_000), "--output", place("run"),
                "--threads", "1",
            ])
        waitFor("run/checkpoints/last.ckpt")
        let second = try diptych("train", images, "--output", place("run"), "--resume")
        #expect(second.status == 1)
        #expect(
            second.errors.contains("\(place("run")): is in use by process \(first.identifier) on "), "\(second.errors)")
        // The lock of a process that was killed is gone.
        first.send(SIGKILL)
        _ = first.finish()
        let third = try CommandProcess(["train", images, "--output", place("run"), "--threads", "1", "--resume"])
        usleep(1_000_000)
        third.send(SIGKILL)
        #expect(!third.finish().errors.contains("is in use"))
    }

    @Test("A full disk keeps the last checkpoint, and the run goes on when there is room") func fullDisk() throws {
        let images = try place.pictures(["a", "b"], each: 20)
        let pipeline = try place.pipeline(epochs: 3)
        #expect(
            try diptych("train", images, "--pipeline", pipeline, "--output", place("whole"), "--threads", "1").status
                == 0)
        let arguments = "train '\(images)' --output '\(place("run"))' --threads 1"
        // Room for the logs, as they are, and for no checkpoint: a file of so many blocks at most.
        let tight = try run(
            "ulimit -f 6; exec '\(CommandProcess.program)' \(arguments) --pipeline '\(pipeline)' 2>&1")
        #expect(tight.status == 1, "\(tight.output)")
        #expect(tight.output.contains("cannot be written: File too large"), "\(tight.output)")
        #expect(!FileManager.default.fileExists(atPath: place("run/checkpoints/last.ckpt")))
        let begun = try CommandProcess(["train", images, "--output", place("run"), "--threads", "1", "--resume"])
        waitFor("run/checkpoints/last.ckpt")
        begun.send(SIGTERM)
        _ = begun.finish()
        let before = try digest("run/checkpoints/last.ckpt")
        // Where it was quick enough to end, there is nothing left that could fail.
        let full = try run("ulimit -f 0; exec '\(CommandProcess.program)' \(arguments) --resume 2>&1")
        #expect(full.status == 1, "\(full.output)")
        #expect(full.output.contains("cannot be written"), "\(full.output)")
        #expect(try digest("run/checkpoints/last.ckpt") == before)
        let names = try FileManager.default.subpathsOfDirectory(atPath: place("run"))
        #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(names)")
        let resumed = try diptych("train", images, "--output", place("run"), "--threads", "1", "--resume")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try digest("run/encoder.safetensors") == digest("whole/encoder.safetensors"))
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let images = try place.pictures(["a", "b"], each: 8)
        try place.write("in the way", "file")
        var folders: [String] = []
        let file = try diptych("train", images, "--pipeline", try place.pipeline(), "--output", place("file/run"))
        #expect(file.status == 1)
        #expect(file.errors.contains("\(place("file")): is there already, and is no folder"), "\(file.errors)")
        try FileManager.default.createDirectory(
            atPath: place("closed"), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o555])
        // The superuser may write anywhere.
        if geteuid() != 0 { folders.append(place("closed/run")) }
        if FileManager.default.fileExists(atPath: "/proc/self") { folders.append("/proc/diptych-run") }
        for folder in folders {
            let result = try diptych("train", images, "--pipeline", try place.pipeline(), "--output", folder)
            #expect(result.status == 1)
            #expect(result.errors.contains("\(folder): the folder cannot be made: "), "\(result.errors)")
        }
    }

    @Test("A machine that is taken away gets its process back in time") func grace() throws {
        let images = try place.pictures(["a", "b"], each: 40)
        // Steps that take some tenths of a second.
        let pipeline = try place.write(
            """
            views: {branches: [{count: 2, size: 32, steps: [resized_crop]}]}
            encoder: {resnet18: {stem: small, width: 32}}
            method: {simclr: {head: {mlp: {output: 8}}}}
            training: {epochs: 1000, batch_size: 32, checkpoint_every: 1}
            """, "slow.yaml")
        let process = try CommandProcess(
            ["train", images, "--pipeline", pipeline, "--output", place("run"), "--threads", "1", "--grace", "0"])
        waitFor("run/checkpoints/last.ckpt")
        process.send(SIGTERM)
        let stopped = process.finish()
        #expect(stopped.status == 130)
        #expect(stopped.errors.contains("0.0 seconds after SIGTERM (--grace)"), "\(stopped.errors)")
        #expect(!FileManager.default.fileExists(atPath: place("run/encoder.safetensors")))
        #expect(try diptych("train", images, "--output", place("run"), "--resume", "--grace", "-1").status == 2)
    }

    @Test("A signal at any instant of the start ends the run", arguments: [SIGINT, SIGTERM])
    func signalsAtTheStart(signal: Int32) throws {
        let images = try place.pictures(["a", "b"], each: 20)
        let pipeline = try place.pipeline(epochs: 1_000_000)
        // Instants up to the run's first steps, by the clock of a start that is left alone.
        let begun = ContinuousClock.now
        var whole = try CommandProcess(
            ["train", images, "--pipeline", pipeline, "--output", place("first"), "--threads", "1"])
        waitFor("first/checkpoints/last.ckpt")
        let start = (ContinuousClock.now - begun).components
        let seconds = Double(start.seconds) + Double(start.attoseconds) * 1e-18
        whole.send(signal)
        #expect(whole.finish().status == 130)
        for part in 1...16 {
            whole = try CommandProcess(
                ["train", images, "--pipeline", pipeline, "--output", place("run-\(part)"), "--threads", "1"])
            usleep(UInt32(seconds * 1e6 / 16 * Double(part)))
            whole.send(signal)
            // A signal that got lost would let it run for ever.
            let killer = whole.kill(after: 120)
            let ended = whole.finish()
            killer.cancel()
            // Before the program has begun to watch, the system ends it.
            #expect(ended.status == 130 || ended.wasSignalled && ended.status == signal, "\(part): \(ended)")
        }
    }

    @Test("SIGTERM while the encoder is scored ends the run with a checkpoint, and the score is made up for")
    func signalWhileItIsScored() throws {
        let images = try place.pictures(["a", "b"], each: 300)
        // Few steps, and many held-out images by a network that is slow.
        let pipeline = try place.write(
            """
            views: {branches: [{count: 2, size: 32, steps: [resized_crop]}]}
            encoder: {resnet18: {stem: small, width: 16}}
            method: {simclr: {head: {mlp: {output: 8}}}}
            training: {epochs: 1, batch_size: 16, log_every: 1}
            evaluation: {knn_every: 1, hold_out: 0.9}
            """, "scored.yaml")
        let process = try CommandProcess(
            ["train", images, "--pipeline", pipeline, "--output", place("run"), "--threads", "1"])
        func steps() -> Int { (try? place.read("run/metrics.jsonl"))?.split(separator: "\n").count ?? 0 }
        wait { steps() >= 3 }
        process.send(SIGTERM)
        let stopped = process.finish()
        #expect(stopped.status == 130, "\(stopped.errors)")
        // No line of the pass: its score was given up.
        #expect(steps() == 3)
        let weights = try digest("run/encoder.safetensors")
        let resumed = try diptych("train", images, "--output", place("run"), "--threads", "1", "--resume")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try place.read("run/metrics.jsonl").contains("\"val_knn_top1\""))
        #expect(try digest("run/encoder.safetensors").count == weights.count)
    }

    /// Microseconds after its start; the first is before anything can be scored, the last may be about the report's own
    /// time.
    @Test(
        "SIGTERM to a probe ends it at once, and leaves no half of a report",
        arguments: [100_000, 700_000] as [UInt32])
    func signalToAProbe(after delay: UInt32) throws {
        let images = try place.pictures(["a", "b"], each: 300)
        let pipeline = try place.pipeline(epochs: 1, batch: 64)
        let arguments = ["--output", place("run"), "--threads", "1"]
        #expect(
            try CommandProcess(["train", images, "--pipeline", pipeline] + arguments).finish().status == 0)
        let process = try CommandProcess(["probe", place("run"), images, "--threads", "1"])
        usleep(delay)
        process.send(SIGTERM)
        let ended = process.finish()
        let report = FileManager.default.contents(atPath: place("run/probe.json"))
        if delay == 100_000 { #expect(ended.wasSignalled && report == nil) }
        #expect(ended.status == 0 ? report != nil : ended.wasSignalled && ended.status == SIGTERM)
        // It may have come between the report and the end: then the report is whole.
        if let report {
            let content = try #require(JSONSerialization.jsonObject(with: report) as? [String: Any])
            #expect(content["linear_probe"] != nil && content["knn"] != nil)
        }
        let names = try FileManager.default.subpathsOfDirectory(atPath: place("run"))
        #expect(!names.contains { $0.hasSuffix(".tmp") }, "\(names)")
    }

    @Test func aRunThatWasKilledBeforeItsFirstCheckpointBeginsAnew() throws {
        let images = try place.pictures(["a", "b"], each: 20)
        let pipeline = try place.pipeline(epochs: 2)
        #expect(
            try diptych("train", images, "--pipeline", pipeline, "--output", place("run"), "--threads", "1").status == 0
        )
        let whole = try digest("run/encoder.safetensors")
        try FileManager.default.removeItem(atPath: place("run/checkpoints"))
        // What is left of a run that got further is not written over.
        for arguments in [["--resume"], ["--pipeline", pipeline]] {
            let refused = try CommandProcess(
                ["train", images, "--output", place("run"), "--threads", "1"] + arguments
            ).finish()
            #expect(refused.status == 2, "\(refused.errors)")
        }
        #expect(try digest("run/encoder.safetensors") == whole)
        // A kill before the first checkpoint leaves steps at most.
        try FileManager.default.removeItem(atPath: place("run/encoder.safetensors"))
        let steps = try place.read("run/metrics.jsonl").split(separator: "\n").prefix(3)
        try place.write(steps.joined(separator: "\n"), "run/metrics.jsonl")
        let again = try diptych("train", images, "--output", place("run"), "--threads", "1", "--resume")
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.errors.contains("has no checkpoint yet; starting again"))
        #expect(try digest("run/encoder.safetensors") == whole)
        let lines = try place.read("run/metrics.jsonl").split(separator: "\n")
        #expect(lines.count == 2 * (4 + 1), "\(lines.count)")
    }
}
