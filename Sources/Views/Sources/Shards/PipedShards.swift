import Files

/// Shards that commands write to their standard output, as WebDataset has them: `pipe:curl -s https://host/{000..123}.tar`.
///
/// Each command runs once, by `sh`, and what it writes is kept in a file without a name in the folder for temporary files
/// until the process ends: then any image is read in any order, as from other shards. Only a command's own argument can
/// name commands (`SourceOptions.allowsCommands`); nothing that lies in a folder or in a table does.
enum PipedShards {
    private static let opening = "pipe:"

    static func recognizes(_ argument: String) -> Bool { argument.hasPrefix(opening) }

    /// Runs the commands that the argument stands for and indexes what they wrote.
    static func open(_ argument: String, options: SourceOptions) throws(DataError) -> TarShards {
        guard options.allowsCommands else {
            throw DataError(path: argument, reason: "commands are run from the command line alone")
        }
        let commands = try BracePattern.expand(String(argument.dropFirst(opening.count)))
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
        var paths: [[UInt8]] = []
        for index in commands.indices {
            // Opened again by this path, which leads to the file even though it has no name.
            guard let file = try written[index]?.get() else { continue }
            paths.append(Array("/dev/fd/\(file)".utf8))
        }
        return try TarShards(bytes: paths, names: commands, options: .init(options))
    }

    /// The descriptor of a file that holds what a command wrote; it stays open.
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

/// Runs a command by `sh`.
enum Shell {
    /// The status that a command ends with, its standard output going to a descriptor; 128 and the signal where one
    /// ended it, 127 where it cannot be started.
    static func run(_ command: String, output: Int32) -> Int32 {
        #if os(Linux)
        var actions = posix_spawn_file_actions_t()
        #else
        var actions: posix_spawn_file_actions_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", command].map { (text: String) in strdup(text) }
        arguments.append(nil)
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        guard posix_spawn(&process, "/bin/sh", &actions, nil, &arguments, environ) == 0 else { return 127 }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            if errno != EINTR { return 127 }
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}
