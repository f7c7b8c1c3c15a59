import Files

/// Shards that commands write to their standard output, as in WebDataset: `pipe:curl -s https://host/{000..123}.tar`.
///
/// `sh` runs each command once. Its output is kept in an unnamed temporary file until the process ends, so that images
/// can be read in any order, as from other shards. Only a command-line argument can name commands
/// (`SourceOptions.allowsCommands`), never the contents of a folder or a table.
enum PipedShards {
    private static let opening = "pipe:"

    static func recognizes(_ argument: String) -> Bool { argument.hasPrefix(opening) }

    /// Runs the commands of the argument and indexes their output.
    /// - Parameter limit: the number of files that the process may open; nil for the system's limit.
    static func open(_ argument: String, options: SourceOptions, limit: Int? = nil) throws(DataError) -> TarShards {
        guard options.allowsCommands else {
            throw DataError(path: argument, reason: "commands are run only from the command line")
        }
        let commands = try BracePattern.expand(String(argument.dropFirst(opening.count)))
        // Each shard needs one descriptor until the process ends and one while it is read. The rest of the process
        // needs some too.
        let wanted = 2 * (commands.count + 32)
        let allowed = limit ?? Descriptors.allowed(wanted: wanted)
        guard wanted <= allowed else {
            throw DataError(
                path: argument,
                reason:
                    "stands for \(counted(commands.count, "command")); the limit of open files, \(grouped(allowed)) "
                    + "(ulimit -n), allows \(grouped(max(0, allowed / 2 - 32)))")
        }
        let results = Locked([Int: Result<Int32, DataError>]())
        let next = Locked(0)
        Workers.run(max(1, min(options.threads, 8, commands.count))) {
            while true {
                let index = next.withLock { value in
                    defer { value += 1 }
                    return value
                }
                guard index < commands.count else { return }
                let result = Result { () throws(DataError) in try run(commands[index]) }
                results.withLock { $0[index] = result }
            }
        }
        let written = results.withLock { $0 }
        do throws(DataError) {
            var paths: [[UInt8]] = []
            for index in commands.indices {
                // Opened again by this path, which leads to the unnamed file.
                guard let file = try written[index]?.get() else { continue }
                paths.append(Array("/dev/fd/\(file)".utf8))
            }
            return try TarShards(bytes: paths, names: commands, options: .init(options))
        } catch {
            for case .success(let file) in written.values { close(file) }
            throw error
        }
    }

    /// The descriptor of a file with the output of a command; it stays open.
    private static func run(_ command: String) throws(DataError) -> Int32 {
        var name = Array("\(FileManager.default.temporaryDirectory.path)/diptych-pipe-XXXXXX".utf8CString)
        let file = mkstemp(&name)
        guard file >= 0 else { throw DataError(path: command, reason: "no temporary file: \(systemReason())") }
        unlink(name)
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        let status = Shell.run(command, output: file)
        guard status == 0 else {
            close(file)
            throw DataError(
                path: command, reason: "ended with status \(status); it must write a tar file and end with 0")
        }
        return file
    }
}

/// The number of files that the process may open.
enum Descriptors {
    /// The current limit, raised to `wanted` if it is below that and the system allows it.
    static func allowed(wanted: Int = 0) -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 256 }
        if Int(clamping: limit.rlim_cur) < wanted {
            // No further: commands inherit it, and some close every descriptor up to it.
            var raised = limit
            raised.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, rlim_t(wanted)))
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}

/// Runs a command with `sh`.
enum Shell {
    /// Runs a command with its standard output sent to a descriptor and returns its exit status: 128 plus the signal if
    /// a signal ended it, 127 if it cannot be started.
    static func run(_ command: String, output: Int32) -> Int32 {
        #if os(Linux)
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #else
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        // The command would inherit ignored signals, and might then write to a closed pipe for ever.
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGPIPE, SIGXFSZ] { sigaddset(&signals, number) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        // It would inherit this thread's blocked signals too.
        var blocked = sigset_t()
        sigemptyset(&blocked)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", command].map { (text: String) in strdup(text) }
        arguments.append(nil)
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        guard posix_spawn(&process, "/bin/sh", &actions, &attributes, &arguments, environ) == 0 else { return 127 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            if errno != EINTR { return 127 }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
