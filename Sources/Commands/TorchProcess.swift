import Files

/// Runs `diptych-torch`, which is beside this program and is linked with libtorch.
///
/// Loading libtorch takes a third of a second, which commands without it need not spend. Replacing the process keeps
/// its id.
enum TorchProcess {
    /// The program's name.
    static let name = "diptych-torch"

    /// Replaces this process by `diptych-torch` with the same arguments. It only returns by throwing.
    static func handOver() throws {
        let program = try path()
        _ = SystemPath.with(program) { execv($0, CommandLine.unsafeArgv) }
        throw Failure(.failed, "\(program): cannot be started: \(String(cString: strerror(errno)))")
    }

    /// The path of the program. If the Python package started this process, it sets up the libraries of the installed
    /// torch.
    static func path() throws -> String {
        try findTorch()
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let own = count > 0 ? SystemPath.text(buffer[..<count]) : CommandLine.arguments[0]
        let program = Folder.join(SystemPath.folder(of: own), name)
        guard SystemPath.with(program, { access($0, X_OK) }) == 0 else {
            throw Failure(.failed, "\(program): not found; it is built together with diptych and must lie beside it")
        }
        return program
    }

    /// Applies what the Python package found: `DIPTYCH_TORCH` is a folder of libraries, `DIPTYCH_NO_TORCH` says why
    /// there is none.
    private static func findTorch() throws {
        let environment = ProcessInfo.processInfo.environment
        if let reason = environment["DIPTYCH_NO_TORCH"] { throw Failure(.failed, reason) }
        guard let folder = environment["DIPTYCH_TORCH"] else { return }
        let known = environment["LD_LIBRARY_PATH"].map { ":\($0)" } ?? ""
        setenv("LD_LIBRARY_PATH", folder + known, 1)
        unsetenv("DIPTYCH_TORCH")
    }
}
