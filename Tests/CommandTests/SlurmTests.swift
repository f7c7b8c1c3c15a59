import Foundation
import Testing

@Suite("SLURM")
struct SlurmTests {
    /// The variables of a task of srun's on this machine.
    private func step(_ rank: Int, of ranks: Int, job: Int) -> [String: String] {
        [
            "SLURM_STEP_ID": "0", "SLURM_JOB_ID": "\(job)", "SLURM_PROCID": "\(rank)", "SLURM_NTASKS": "\(ranks)",
            "SLURM_LOCALID": "\(rank)", "SLURM_NODEID": "0", "SLURM_TASKS_PER_NODE": "\(ranks)",
            "SLURM_JOB_NODELIST": "localhost", "DIPTYCH_TIMEOUT": "30",
        ]
    }

    @Test func aRequeuedJobOfTwoTasksEndsAsOneThatWasNeverStopped() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 20)
        let pipeline = try place.pipeline(epochs: 40)
        // The port is 15,000 and the job's number.
        let port = Int.random(in: 1...15_000)
        func start(_ output: String, restarts: Int) throws -> [CommandProcess] {
            try (0..<2).map { rank in
                try CommandProcess(
                    ["train", images, "--pipeline", pipeline, "--output", place(output), "--threads", "1"],
                    environment: step(rank, of: 2, job: port).merging(["SLURM_RESTART_COUNT": "\(restarts)"]) { $1 })
            }
        }
        let first = try start("run", restarts: 0)
        wait { FileManager.default.fileExists(atPath: place("run/checkpoints/last.ckpt")) }
        first.forEach { $0.send(SIGUSR1) }
        for result in first.map({ $0.finish() }) { #expect(result.status == 75, "\(result.errors)") }
        let second = try start("run", restarts: 1).map { $0.finish() }
        for result in second { #expect(result.status == 0, "\(result.errors)") }
        #expect(second[0].output == place("run/encoder.safetensors\n") && second[1].output.isEmpty)
        for result in try start("whole", restarts: 0).map({ $0.finish() }) { #expect(result.status == 0) }
        #expect(try floats(in: place("run/encoder.safetensors")) == floats(in: place("whole/encoder.safetensors")))
    }

    @Test func aBatchScriptTrainsAlone() throws {
        let place = try Playground()
        let images = try place.pictures(["red", "green"], each: 10)
        var variables = step(0, of: 2, job: 1)
        variables["SLURM_STEP_ID"] = "4294967291"
        let result = try CommandProcess(
            ["train", images, "--pipeline", try place.pipeline(epochs: 1), "--output", place("run")],
            environment: variables
        ).finish()
        #expect(result.status == 0, "\(result.errors)")
    }
}
