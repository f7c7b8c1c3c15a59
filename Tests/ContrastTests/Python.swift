import Foundation

/// The machine's Python, for tests that hand files to the reference implementation; they are skipped where it is
/// missing.
enum Python {
    /// Whether modules are installed; asked for those that take seconds to import.
    static func finds(_ modules: String...) -> Bool {
        let script = "import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, \(modules))))"
        return (try? run(script))?.status == 0
    }

    /// Runs a script and gives its exit status and what it printed, errors included.
    static func run(_ script: String, _ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}

/// A folder of a test's own, gone with it.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "diptych-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
