import Commands
import Contrast
import Files
import Foundation
import Synchronization
import Views

/// `diptych sweep`: trains the runs of a grid, each in a process of its own.
struct SweepJob {
    private let options: SweepCommand

    init(_ options: SweepCommand) { self.options = options }

    /// A run of the grid.
    private struct Run {
        let cell: SettingGrid<Experiment>.Cell
        let folder: RunFolder
    }

    func run() throws {
        let child = Child()
        let interrupt = Interrupt(relay: { child.send($0) })
        let runs = try runs()
        try check(runs)
        try Folder.check(options.output)
        var failed: [String] = []
        for (index, run) in inTurn(runs).enumerated() {
            guard !interrupt.requested else { break }
            let name = run.cell.name
            try Folder.create(at: run.folder.path)
            let claim: FileLock
            do throws(FileError) {
                claim = try FileLock("\(run.folder.path)/.sweep", of: name)
            } catch {
                // A folder that cannot be written is no other process's.
                guard FileLock.isHeld("\(run.folder.path)/.sweep") else { throw error }
                Output.note("sweep: \(error)")
                continue
            }
            // Held until here.
            defer { withExtendedLifetime(claim) {} }
            switch run.folder.progress(of: run.cell.value) {
            case .running:
                Output.note("sweep: \(name): another process trains it")
                continue
            case .finished:
                Output.note("sweep: \(name): is finished")
            case let state:
                Output.note("sweep: \(name) (\(index + 1) of \(runs.count))")
                let arguments = options.training(
                    run.folder.path, overrides: state == .stopped ? nil : run.cell.overrides)
                let status = try child.run(arguments)
                guard !interrupt.requested else { break }
                if status != 0 {
                    failed.append(name)
                    continue
                }
            }
            if options.probe, !StoredFile.exists(run.folder.probe), !interrupt.requested {
                if try child.run(options.probing(run.folder.path)) != 0 { failed.append("\(name) (probe)") }
            }
        }
        guard !interrupt.requested else {
            throw Failure(interrupt.status, "interrupted; the same line again goes on with \(options.output)")
        }
        try Output.result(RunTable(in: [options.output]).lines)
        guard failed.isEmpty else {
            throw Failure(
                .failed, "\(failed.count) of \(runs.count) runs failed: \(failed.joined(separator: ", "))")
        }
    }

    /// The runs of the grid, each checked as far as it can be before anything is written.
    private func runs() throws -> [Run] {
        let file = try PipelineOptions.reader(of: options.pipeline)
        let grid = try SettingGrid<Experiment>(file, settings: options.allSettings)
        var images: TrainingImages?
        return try grid.cells.map { cell in
            let opened =
                try images
                ?? TrainingImages(
                    options.images, side: options.sides.side, experiment: cell.value,
                    reading: options.sides.reading(options.tolerance.reading))
            images = opened
            do {
                try cell.value.check(on: opened.train)
            } catch let error as TrainingError {
                throw Failure(error.kind == .data ? .data : .unusable, "\(cell.name): \(error)")
            }
            return Run(cell: cell, folder: RunFolder("\(RunFolder(options.output).path)/\(cell.name)"))
        }
    }

    /// Refuses a folder that holds runs of other settings.
    private func check(_ runs: [Run]) throws {
        for run in runs where run.folder.exists {
            let own = try run.folder.ownConfiguration().text
            let other = try ConfigurationDifference.between(ConfigurationWriter.yaml(run.cell.value), own)
            guard let first = other.first else { continue }
            throw Failure(
                .unusable,
                "\(run.folder.path): holds a run of other settings: \(first); choose another --output")
        }
    }

    /// The runs in the order of this process: the tasks of an array begin at different ones.
    private func inTurn(_ runs: [Run]) -> [Run] {
        let task = ProcessInfo.processInfo.environment["SLURM_ARRAY_TASK_ID"].flatMap(Int.init) ?? 0
        let first = (task % runs.count + runs.count) % runs.count
        return Array(runs[first...] + runs[..<first])
    }
}

/// This program with other arguments, which decides what a signal means.
private final class Child: Sendable {
    /// The running process; 0 without one.
    private let process = Atomic<Int32>(0)
    /// The first signal; 0 before there is one.
    private let signal = Atomic<Int32>(0)

    /// Gives a signal to the process that runs, or to the next.
    func send(_ number: Int32) {
        _ = signal.compareExchange(expected: 0, desired: number, ordering: .sequentiallyConsistent)
        let running = process.load(ordering: .sequentiallyConsistent)
        if running > 0 { kill(running, number) }
    }

    /// Runs it to its end.
    /// - Returns: its exit status.
    func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        // The result of a sweep is its table.
        process.standardOutput = FileHandle.standardError
        process.environment = Child.alone(ProcessInfo.processInfo.environment)
        try process.run()
        self.process.store(process.processIdentifier, ordering: .sequentiallyConsistent)
        let early = signal.load(ordering: .sequentiallyConsistent)
        if early != 0 { kill(process.processIdentifier, early) }
        process.waitUntilExit()
        self.process.store(0, ordering: .sequentiallyConsistent)
        let status = process.terminationStatus
        return process.terminationReason == .uncaughtSignal ? 128 + status : status
    }

    /// The variables of a process that trains alone: each process of a launcher has runs of its own, on its own GPU.
    private static func alone(_ environment: [String: String]) -> [String: String] {
        var own = environment
        let local = ["LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID"].lazy.compactMap { environment[$0] }
        own["LOCAL_RANK"] = local.first
        for name in ["RANK", "WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "SLURM_STEP_ID"] {
            own[name] = nil
        }
        return own
    }
}
