import Foundation

/// The built command, run as users run it.
struct CommandProcess {
    /// What a finished command left.
    struct Result {
        var status: Int32
        /// Whether a signal ended it, whose number `status` then is.
        var wasSignalled = false
        var output: String
        var errors: String
    }

    /// Where the programs lie: beside the test bundle.
    private static let folder: URL = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: own).deletingLastPathComponent()
        let program = beside.appendingPathComponent("diptych").path
        if FileManager.default.isExecutableFile(atPath: program) { return beside }
        // Where a runner loads the bundle, the build folder is the bundle's.
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    }()

    /// The path of the built command.
    static var program: String { folder.appendingPathComponent("diptych").path }

    /// The number of the process.
    var identifier: Int32 { process.processIdentifier }

    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()

    /// Starts `diptych` with these arguments.
    init(_ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]) throws {
        process.executableURL = CommandProcess.folder.appendingPathComponent("diptych")
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
        try process.run()
    }

    /// Sends a signal.
    func send(_ signal: Int32) { Foundation.kill(process.processIdentifier, signal) }

    /// Kills it in some seconds, unless that is cancelled.
    func kill(after seconds: Double) -> DispatchWorkItem {
        let identifier = process.processIdentifier
        let item = DispatchWorkItem { Foundation.kill(identifier, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: item)
        return item
    }

    /// Waits for the end. What it says fits in a pipe's buffer on one stream at least.
    func finish() -> Result {
        let output = output.fileHandleForReading.readDataToEndOfFile()
        let errors = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, wasSignalled: process.terminationReason == .uncaughtSignal,
            output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: errors, as: UTF8.self))
    }
}

/// Runs `diptych` to its end.
func diptych(_ arguments: String..., in folder: String? = nil) throws -> CommandProcess.Result {
    try CommandProcess(arguments, in: folder).finish()
}

/// Looks again and again until something is so, for two minutes at most.
func wait(until condition: () -> Bool) {
    let end = ContinuousClock.now + .seconds(120)
    while !condition(), ContinuousClock.now < end { usleep(5_000) }
}
