import Foundation
import Testing
import Views

/// Pictures of noise with captions, and a run of a few steps on them.
private struct Ground {
    let place: Playground
    let images: String
    let pipeline: String

    init() throws {
        place = try Playground()
        images = place("images")
        var state: UInt32 = 7
        for (label, name) in ["cat", "dog", "owl"].enumerated() {
            try FileManager.default.createDirectory(atPath: "\(images)/\(name)", withIntermediateDirectories: true)
            for index in 0..<20 {
                let pixels = (0..<8 * 8 * 3).map { _ -> UInt8 in
                    state = state &* 1_664_525 &+ 1_013_904_223
                    return UInt8(state >> 24)
                }
                let png = try PNGWriter.encode(Image(size: Size(square: 8), interleaved: pixels))
                try Data(png).write(to: URL(fileURLWithPath: "\(images)/\(name)/\(index).png"))
                try place.write("a \(name) of kind \((index + label) % 5)", "images/\(name)/\(index).txt")
            }
        }
        pipeline = try place.write(
            """
            views:
              branches: [{count: 2, size: 8, steps: [resized_crop, horizontal_flip]}]
            encoder: {convnet: {width: 4}}
            method: {simclr: {head: {mlp: {output: 4}}}}
            training: {epochs: 1, batch_size: 16, log_every: 1, optimizer: {sgd: {lr: 0.02, weight_decay: 0}}}
            evaluation: {knn_every: 1}
            """, "pipeline.yaml")
    }

    /// A table that gives each image one, two or no labels.
    func labelSets() throws -> String {
        let rows = ["cat", "dog", "owl"].flatMap { name in
            (0..<20).map { "images/\(name)/\($0).png,\($0 % 7 == 3 ? "" : "\(name)|kind \($0 % 5)")" }
        }
        return try place.write("image,labels\n\(rows.joined(separator: "\n"))\n", "sets.csv")
    }

    func arguments(_ run: String, _ settings: [String] = [], of images: String? = nil) -> [String] {
        ["train", images ?? self.images, "--pipeline", pipeline, "--output", place(run), "--threads", "1"]
            + settings.flatMap { ["--set", $0] }
    }

    func checkpoint(_ run: String) throws -> [String: [Float]] { try floats(in: place("\(run)/checkpoints/last.ckpt")) }

    func losses(_ run: String) throws -> [Double] {
        try place.read("\(run)/metrics.jsonl").split(separator: "\n").compactMap { line in
            let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return record?["kind"] as? String == "step" ? record?["train_loss"] as? Double : nil
        }
    }

    /// Starts a job that does not end by itself, and waits until its first step is done.
    func endless(_ ranks: Int, timeout: Int) throws -> Job {
        let job = try Job(ranks, arguments("endless", ["training.epochs=100000"]), timeout: timeout)
        for _ in 0..<3000 where (try? losses("endless").isEmpty) != false { usleep(10_000) }
        return job
    }
}

@Suite(
    "Several ranks", .serialized, .enabled(if: hasGloo, "libgloo-dev is not installed"))
struct RanksTests {
    /// Methods, with the parameters whose gradient would differ if each rank's loss counted in full.
    private static let methods = [
        "simclr: {head: {mlp: {output: 4}}}",
        "simclr: {loss: {info_nce: {critic: bilinear}}, head: {mlp: {output: 4}}}",
        "simclr: {loss: sup_con, head: {mlp: {output: 4}}}",
        "moco: {queue: 96, norm_groups: 1, symmetric: true, head: {mlp: {output: 4}}}",
        "moco_v3: {head: {mlp: {hidden: 8, output: 4}}, predictor: {mlp: {hidden: 8, output: 4}}}",
        "byol: {head: {mlp: {hidden: 8, output: 4}}, predictor: {mlp: {hidden: 8, output: 4}}}",
        "simsiam: {head: {mlp: {hidden: 8, output: 4}}, predictor: {mlp: {hidden: 8, output: 4}}}",
        "barlow_twins: {head: {mlp: {hidden: 8, output: 4}}}",
        "vicreg: {head: {mlp: {hidden: 8, output: 4}}}",
        "nnclr: {head: {mlp: {hidden: 8, output: 4}}, predictor: {mlp: {hidden: 8, output: 4}}, queue: 96}",
        "swav: {head: {mlp: {hidden: 8, output: 4}}, prototypes: 5, frozen_epochs: 0}",
        "dino: {head: {mlp: {hidden: 8, output: 4}}, prototypes: 5, frozen_epochs: 0}",
        "lejepa: {head: {mlp: {hidden: 8, output: 4}}}", "emp_ssl: {head: {mlp: {hidden: 8, output: 4}}}",
        "clip: {dimension: 8, vocabulary: {size: 600}, text: {width: 8, depth: 1, heads: 2, context: 16}}",
    ]

    @Test(
        "The gradient of 2 and 4 ranks is that of one on the same batch",
        arguments: methods, [2, 4])
    func gradients(method: String, ranks: Int) throws {
        try compareGradients(Ground(), method, ranks)
    }

    @Test("The gradient of 2 ranks is that of one for sets of labels") func labelSets() throws {
        let ground = try Ground()
        try compareGradients(ground, "simclr: {loss: sup_con, head: {mlp: {output: 4}}}", 2, of: ground.labelSets())
    }

    private func compareGradients(
        _ ground: Ground, _ method: String, _ ranks: Int, of images: String? = nil
    ) throws {
        // One step: what SGD then keeps is the gradient.
        let settings = ["method={\(method)}", "training.batch_size=48"]
        #expect(try CommandProcess(ground.arguments("one", settings, of: images)).finish().status == 0)
        for result in try Job(ranks, ground.arguments("many", settings, of: images)).finish() {
            #expect(result.status == 0, "\(result.errors)")
        }
        let (one, many) = (try ground.checkpoint("one"), try ground.checkpoint("many"))
        #expect(Set(one.keys) == Set(many.keys))
        for part in ["model.", "optimizer."] {
            let keys = one.keys.filter { $0.hasPrefix(part) }
            let largest = keys.flatMap { one[$0] ?? [] }.map(abs).max() ?? 0
            #expect(largest > 1e-4)
            for key in keys {
                let differences = zip(one[key] ?? [], many[key] ?? []).map { abs($0 - $1) }
                #expect((differences.max() ?? 0) <= 1e-5 * largest, "\(key)")
            }
        }
        let losses = (try ground.losses("one")[0], try ground.losses("many")[0])
        #expect(abs(losses.0 - losses.1) < 1e-5 * max(1, abs(losses.0)))
    }

    @Test("Losses go on as one rank's, runs repeat bit for bit, and rank 0 alone writes and speaks", arguments: [2, 4])
    func repeats(ranks: Int) throws {
        let ground = try Ground()
        #expect(try CommandProcess(ground.arguments("one")).finish().status == 0)
        for run in ["a", "b"] {
            let results = try Job(ranks, ground.arguments(run)).finish()
            #expect(results.allSatisfy { $0.status == 0 }, "\(results.map(\.errors))")
            #expect(
                results.map(\.output) == [ground.place("\(run)/encoder.safetensors\n")]
                    + Array(repeating: "", count: ranks - 1))
            #expect(results.dropFirst().allSatisfy { $0.errors.isEmpty })
        }
        let (one, many) = (try ground.losses("one"), try ground.losses("a"))
        #expect(one.count == 3 && many.count == 3)
        #expect(zip(one, many).allSatisfy { abs($0 - $1) < 1e-5 }, "\(one) \(many)")
        // The notes of a checkpoint hold seconds.
        #expect(try ground.checkpoint("a") == ground.checkpoint("b"))
        let files = ["a", "b"].map { ground.place("\($0)/encoder.safetensors") }
        #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]))
        // What the others would have written would be here twice.
        let events = try FileManager.default.contentsOfDirectory(atPath: ground.place("a"))
        #expect(events.filter { $0.hasPrefix("events.out") }.count == 1)
    }

    @Test("One rank of a job trains as a process without one")
    func oneRank() throws {
        let ground = try Ground()
        #expect(try CommandProcess(ground.arguments("alone")).finish().status == 0)
        let results = try Job(1, ground.arguments("job"), environment: [0: ["DIPTYCH_BACKEND": "gloo"]]).finish()
        #expect(results.map(\.status) == [0], "\(results.map(\.errors))")
        #expect(results[0].errors.contains("1 processes: "), "\(results[0].errors)")
        let (alone, job) = (try ground.losses("alone"), try ground.losses("job"))
        #expect(alone.count == 3 && zip(alone, job).allSatisfy { abs($0 - $1) < 1e-5 }, "\(alone) \(job)")
        // A GPU's backend needs a GPU.
        let refused = try Job(1, ground.arguments("no"), environment: [0: ["DIPTYCH_BACKEND": "nccl"]]).finish()
        #expect(refused[0].status == 2 && refused[0].errors.contains("DIPTYCH_BACKEND: nccl needs"))
    }

    @Test("A signal to any rank stops all after a checkpoint, and the job resumes bit for bit", arguments: [0, 1])
    func signals(rank: Int) throws {
        let ground = try Ground()
        let settings = ["training.epochs=30"]
        #expect(try Job(2, ground.arguments("whole", settings)).finish().allSatisfy { $0.status == 0 })
        let job = try Job(2, ground.arguments("run", settings))
        // Written when all ranks are ready; from then on the job can be stopped, wherever it is.
        let configuration = ground.place("run/config.yaml")
        for _ in 0..<3000 where !FileManager.default.fileExists(atPath: configuration) { usleep(10_000) }
        usleep(200_000)
        job.processes[rank].send(SIGTERM)
        let stopped = job.finish()
        #expect(stopped.map(\.status) == [130, 130], "\(stopped.map(\.errors))")
        let resumed = try Job(
            2, ["train", ground.images, "--output", ground.place("run"), "--threads", "1", "--resume"]
        ).finish()
        #expect(resumed.allSatisfy { $0.status == 0 }, "\(resumed.map(\.errors))")
        #expect(try ground.checkpoint("run") == ground.checkpoint("whole"))
        #expect(try ground.losses("run") == ground.losses("whole"))
    }

    @Test("A signal while rank 0 scores the encoder stops all, and the score is made up for")
    func signalWhileRankZeroScores() throws {
        let ground = try Ground()
        let images = try ground.place.pictures(["a", "b"], each: 300, in: "many")
        let settings = [
            "encoder={resnet18: {stem: small, width: 16}}", "views.branches[0].size=32", "training.batch_size=16",
            "evaluation.hold_out=0.9",
        ]
        var arguments = ground.arguments("run", settings)
        arguments[1] = images
        let job = try Job(2, arguments)
        wait { ((try? ground.losses("run").count) ?? 0) >= 3 }
        job.processes[0].send(SIGTERM)
        let stopped = job.finish()
        #expect(stopped.map(\.status) == [130, 130], "\(stopped.map(\.errors))")
        #expect(try !ground.place.read("run/metrics.jsonl").contains("\"kind\":\"epoch\""))
        let weights = try ground.checkpoint("run")
        let resumed = try Job(2, ["train", images, "--output", ground.place("run"), "--threads", "1", "--resume"])
            .finish()
        #expect(resumed.map(\.status) == [0, 0], "\(resumed.map(\.errors))")
        #expect(try ground.place.read("run/metrics.jsonl").contains("\"val_knn_top1\""))
        #expect(try ground.checkpoint("run") == weights)
    }

    @Test("Images that one rank cannot read are left out, listed once, and no rank waits")
    func unusableImages() throws {
        let ground = try Ground()
        for index in [1, 4, 9, 16] {
            try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(ground.images)/cat/\(index).png"))
        }
        // Two images a rank: some batches are one rank's unusable ones only.
        let arguments = ground.arguments("run", ["training.batch_size=4", "training.epochs=3"])
        for result in try Job(2, arguments + ["--max-bad", "0.2"]).finish() {
            #expect(result.status == 0, "\(result.errors)")
        }
        let records = try ground.place.read("run/quarantine.jsonl").split(separator: "\n")
        #expect(Set(records).count == records.count && (1...4).contains(records.count))
        // The others hear that one had enough.
        let strict = try Job(2, ground.arguments("strict", ["training.epochs=3"])).finish()
        #expect(strict.contains { $0.status == 3 && $0.errors.contains("--max-bad") })
        #expect(strict.allSatisfy { $0.status == 1 && $0.errors.contains("cannot be used") || $0.status == 3 })
    }

    @Test("A rank that is killed ends the others with its number", arguments: [(0, 2), (1, 2), (2, 4)])
    func killed(rank: Int, of ranks: Int) throws {
        let ground = try Ground()
        let job = try ground.endless(ranks, timeout: 20)
        job.processes[rank].send(SIGKILL)
        for (other, result) in job.finish().enumerated() where other != rank {
            #expect(result.status == 1)
            #expect(result.errors.contains("rank \(rank) of \(ranks)"), "\(result.errors)")
        }
    }

    @Test("A rank that hangs ends the others after the timeout", arguments: [0, 1])
    func hangs(rank: Int) throws {
        let ground = try Ground()
        let job = try ground.endless(2, timeout: 3)
        job.processes[rank].send(SIGSTOP)
        let other = job.processes[1 - rank].finish()
        job.processes[rank].send(SIGKILL)
        _ = job.processes[rank].finish()
        #expect(other.status == 1)
        #expect(other.errors.contains("rank \(rank) of 2"), "\(other.errors)")
    }

    @Test("Ranks of different jobs say so")
    func differences() throws {
        let ground = try Ground()
        let configured = try Job(2, ground.arguments("run"), changed: [1: ["--set", "training.optimizer.sgd.lr=0.5"]])
            .finish()
        for result in configured {
            #expect(result.status == 2)
            #expect(
                result.errors.contains("rank 1 has another configuration than rank 0: 'lr: 0.5'"), "\(result.errors)")
        }
        var arguments = ground.arguments("run")
        let other = try ground.place.pictures(["cat", "dog", "owl"], each: 21, in: "other")
        arguments.remove(at: 1)
        let listed = try Job(2, arguments, changed: [0: [ground.images], 1: [other]]).finish()
        for result in listed {
            #expect(result.status == 3)
            #expect(result.errors.contains("rank 1 has other images than rank 0"), "\(result.errors)")
        }
    }

    @Test(
        "What cannot begin says why",
        arguments: [
            (["MASTER_ADDR": "no.such.host.invalid"], 1, "MASTER_ADDR no.such.host.invalid"),
            (["MASTER_PORT": "1"], 1, "no rank 0 answers at MASTER_ADDR:MASTER_PORT 127.0.0.1:1"),
            (["WORLD_SIZE": "3"], 1, "rank 1 has WORLD_SIZE 3, rank 0 has 2"),
            (["RANK": "first"], 2, "RANK: must be a whole number in 0...1, is 'first'"),
            (["MASTER_PORT": ""], 2, "MASTER_PORT"),
        ])
    func cannotBegin(environment: [String: String], status: Int, words: String) throws {
        let ground = try Ground()
        let results = try Job(2, ground.arguments("run"), timeout: 3, environment: [1: environment]).finish()
        #expect(results[1].status == Int32(status))
        #expect(results[1].errors.contains(words), "\(results[1].errors)")
        #expect(results[0].status == 1)
        #expect(results[0].errors.contains("rank 1"), "\(results[0].errors)")
    }

    @Test func aPortThatIsTakenIsNamed() throws {
        let ground = try Ground()
        let (listener, port) = try Job.listen()
        defer { close(listener) }
        let taken = ["MASTER_PORT": "\(port)"]
        let results = try Job(2, ground.arguments("run"), timeout: 3, environment: [0: taken, 1: taken]).finish()
        #expect(results.map(\.status) == [1, 1])
        #expect(results[0].errors.contains("MASTER_PORT \(port) cannot be listened on"), "\(results[0].errors)")
        #expect(results[1].errors.contains("does not answer as rank 0"), "\(results[1].errors)")
    }

    @Test func stepsAreMeasuredOfAllRanks() throws {
        let ground = try Ground()
        let arguments = [
            "bench", ground.images, "--pipeline", ground.pipeline, "--threads", "1", "--train", "--steps", "2",
            "--json",
        ]
        let results = try Job(2, arguments).finish()
        #expect(results.map(\.status) == [0, 0], "\(results.map(\.errors))")
        #expect(results[1].output.isEmpty)
        let report = try JSONSerialization.jsonObject(with: Data(results[0].output.utf8)) as? [String: Any]
        #expect(report?["ranks"] as? Int == 2 && report?["pairs"] as? Int == 16)
    }

    @Test func settingsThatDoNotFitTheRanksAreNamed() throws {
        let ground = try Ground()
        for (setting, words) in [
            ("training.batch_size=15", "training.batch_size: is the batch of all processes"),
            ("method={moco: {queue: 96}}", "method.moco.norm_groups: must be 1"),
        ] {
            for result in try Job(2, ground.arguments("run", [setting])).finish() {
                #expect(result.status == 2)
                #expect(result.errors.contains(words), "\(result.errors)")
            }
        }
    }

    @Test(.enabled(if: torchrun != nil, "torchrun is not installed"))
    func torchrunStartsAJob() throws {
        let ground = try Ground()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(torchrun))
        process.arguments =
            ["--nproc-per-node", "2", "--master-port", "\(try Job.freePort())", "--no-python", CommandProcess.program]
            + ground.arguments("run")
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try ground.losses("run").count == 3)
    }

    /// Open MPI's launcher with two ranks on this machine; the superuser of a container may use it too.
    private func byMPI(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(mpirun))
        process.arguments =
            ["--oversubscribe", "--bind-to", "none", "-n", "2"] + (geteuid() == 0 ? ["--allow-run-as-root"] : [])
            // What a rank is given between SIGTERM and SIGKILL; mpirun waits for all of it.
            + ["--mca", "odls_base_sigkill_timeout", "5", CommandProcess.program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "MASTER_PORT": "\(try Job.freePort())", "DIPTYCH_TIMEOUT": "30",
        ]) { $1 }
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    @Test(
        "A job of mpirun ends as one of variables does, and so does one that was stopped and resumed",
        .enabled(if: mpirun != nil, "mpirun is not installed"))
    func mpirunStartsAJob() throws {
        let ground = try Ground()
        let settings = ["training.epochs=15"]
        #expect(try Job(2, ground.arguments("variables", settings)).finish().allSatisfy { $0.status == 0 })
        let whole = try byMPI(ground.arguments("whole", settings))
        whole.waitUntilExit()
        #expect(whole.terminationStatus == 0)
        let stopped = try byMPI(ground.arguments("run", settings))
        wait { (try? ground.losses("run").isEmpty) == false }
        // Rank 0's number; mpirun itself is deaf where it is started by a thread that takes no signals.
        let identifier = try #require(
            ground.place.read("run/.lock").split { !$0.isNumber }.first.flatMap { pid_t($0) })
        kill(identifier, SIGTERM)
        stopped.waitUntilExit()
        #expect(stopped.terminationStatus == 130)
        #expect(try ground.losses("run").count < 45)
        let resumed = try byMPI(
            ["train", ground.images, "--output", ground.place("run"), "--threads", "1", "--resume"])
        resumed.waitUntilExit()
        #expect(resumed.terminationStatus == 0)
        for run in ["whole", "run"] {
            let files = [run, "variables"].map { ground.place("\($0)/encoder.safetensors") }
            #expect(FileManager.default.contentsEqual(atPath: files[0], andPath: files[1]))
            #expect(try ground.losses(run) == ground.losses("variables"))
        }
    }
}

/// Whether this build has Gloo, as Package.swift sees it.
private let hasGloo =
    ["/usr", "/usr/local"].contains { FileManager.default.fileExists(atPath: "\($0)/include/gloo/context.h") }

/// PyTorch's launcher and Open MPI's, where they are on the path.
private let torchrun = program("torchrun")
private let mpirun = program("mpirun")

private func program(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
}
