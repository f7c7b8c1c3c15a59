import Foundation
import Views

/// A folder to work in for one journey, with `photos` and `tiny.yaml` in it; taken away with the value.
final class Desk {
    /// What a line of the shell left.
    struct Answer {
        var status: Int32
        /// Standard output and standard error, one after the other.
        var text: String
    }

    /// Where it lies.
    let path: String

    /// Makes the folder and, under the name `photos`, one of `AwkwardFolders`.
    init(folder: String) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("journey-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Data(Desk.pipeline.utf8).write(to: URL(fileURLWithPath: "\(path)/tiny.yaml"))
        try AwkwardFolders.make(folder, at: "\(path)/photos")
    }

    deinit {
        // A folder that was closed on purpose is opened again.
        _ = try? Desk.shell("chmod -R u+rwX '\(path)'", in: "/", seconds: 20)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Runs a line of the shell in the folder; after so many seconds it is killed, with status 137.
    func run(_ line: String, seconds: Double = 150) throws -> Answer {
        try Desk.shell(line, in: path, seconds: seconds)
    }

    /// Whether something lies there.
    func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    /// Whether the machine has a program that a journey needs.
    static func has(_ program: String) -> Bool { (try? shell("command -v \(program)", in: "/"))?.status == 0 }

    private static func shell(_ line: String, in folder: String, seconds: Double = 150) throws -> Answer {
        let process = Process()
        let (output, errors) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        (process.standardOutput, process.standardError) = (output, errors)
        process.environment = environment
        try process.run()
        let number = process.processIdentifier
        let end = DispatchWorkItem { kill(number, SIGKILL) }
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: end)
        // Both at once: a line may fill one pipe before it closes the other.
        let said = Output()
        let reader = Thread { said.set(errors.fileHandleForReading.readDataToEndOfFile()) }
        reader.start()
        let first = output.fileHandleForReading.readDataToEndOfFile()
        let second = said.get()
        process.waitUntilExit()
        end.cancel()
        let wasKilled = process.terminationReason == .uncaughtSignal
        return Answer(
            status: process.terminationStatus + (wasKilled ? 128 : 0),
            text: String(decoding: first, as: UTF8.self) + String(decoding: second, as: UTF8.self))
    }

    /// What another thread has read.
    private final class Output: @unchecked Sendable {
        private let ready = DispatchSemaphore(value: 0)
        private var data = Data()

        func set(_ data: Data) {
            self.data = data
            ready.signal()
        }

        func get() -> Data {
            ready.wait()
            return data
        }
    }

    /// The variables of what runs at a desk, `diptych` on the path.
    static let environment: [String: String] = {
        var environment = ProcessInfo.processInfo.environment
        environment["PATH"] = "\(programs):\(environment["PATH"] ?? "/usr/bin:/bin")"
        return environment
    }()

    /// Where the programs lie: beside the test bundle.
    private static let programs: String = {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = URL(fileURLWithPath: own).deletingLastPathComponent()
        if FileManager.default.isExecutableFile(atPath: beside.appendingPathComponent("diptych").path) {
            return beside.path
        }
        return URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    }()

    /// A run small enough for a test.
    private static let pipeline = """
        views:
          branches: [{count: 2, size: 8, steps: [resized_crop, horizontal_flip]}]
        encoder: {convnet: {width: 2}}
        method: {simclr: {head: {mlp: {output: 4}}}}
        training: {epochs: 2, batch_size: 4, log_every: 1}
        evaluation: {knn_every: 1}

        """
}
