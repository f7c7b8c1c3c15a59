import Foundation

/// The hand-over to `diptych-torch`, which lies beside this program and is linked with libtorch.
///
/// Loading libtorch takes a third of a second; replacing the process keeps that from commands that do not need it, and
/// keeps the process id for whoever started it.
enum TorchProcess {
    /// The program beside this one.
    static let name = "diptych-torch"

    /// Replaces this process by `diptych-torch` with the same arguments; returns only by throwing.
    static func handOver() throws {
        let program = try path()
        execv(program, CommandLine.unsafeArgv)
        throw Failure(.failed, "\(program): cannot be started: \(String(cString: strerror(errno)))")
    }

    /// Where the program lies.
    static func path() throws -> String {
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        let program = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent(name).path
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw Failure(.failed, "\(program): not found; it is built together with diptych and must lie beside it")
        }
        return program
    }
}
