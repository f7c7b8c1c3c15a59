import Files
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
        _ = SystemPath.with(program) { execv($0, CommandLine.unsafeArgv) }
        throw Failure(.failed, "\(program): cannot be started: \(String(cString: strerror(errno)))")
    }

    /// Where the program lies.
    static func path() throws -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = count > 0 ? SystemPath.text(buffer[..<count]) : CommandLine.arguments[0]
        let program = Folder.join(SystemPath.folder(of: own), name)
        guard SystemPath.with(program, { access($0, X_OK) }) == 0 else {
            throw Failure(.failed, "\(program): not found; it is built together with diptych and must lie beside it")
        }
        return program
    }
}
