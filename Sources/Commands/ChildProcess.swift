import Files

/// A program that runs beside this one. Its output is kept until it ends.
struct ChildProcess {
    private let process: pid_t
    private let output: Int32
    private let errors: Int32

    /// Starts a program with arguments; standard input is this process's.
    /// - Throws: `FileError` that names the program.
    init(_ program: String, _ arguments: [String]) throws(FileError) {
        var ends: [Int32] = [-1, -1, -1, -1]
        defer { for end in [ends[1], ends[3]] where end >= 0 { close(end) } }
        for first in [0, 2] {
            guard ends.withUnsafeMutableBufferPointer({ pipe($0.baseAddress.unsafelyUnwrapped + first) }) == 0 else {
                let error = FileError(path: program, failed: "cannot be started")
                if first > 0 { close(ends[0]) }
                throw error
            }
        }
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        let environment = _NSGetEnviron().pointee
        #else
        var actions = posix_spawn_file_actions_t()
        let environment = environ
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, ends[3], STDERR_FILENO)
        for end in ends { posix_spawn_file_actions_addclose(&actions, end) }
        var words = ([program] + arguments).map { word in SystemPath.with(word) { strdup($0) } } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let code = SystemPath.with(program) { posix_spawn(&process, $0, &actions, nil, &words, environment) }
        self.process = process
        (output, errors) = (ends[0], ends[2])
        guard code == 0 else {
            close(output)
            close(errors)
            throw FileError(path: program, failed: "cannot be started", code: code)
        }
    }

    /// Waits for the program to end.
    /// - Returns: its exit status, which is 128 plus the signal's number if a signal ended it, and its output.
    consuming func finish() -> (status: Int32, output: String, errors: String) {
        // Both pipes are read continuously, because a program waits while its pipe is full.
        var texts: [[UInt8]] = [[], []]
        var ends = [output, errors].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while ends.contains(where: { $0.fd >= 0 }) {
            guard poll(&ends, nfds_t(ends.count), -1) > 0 || errno == EINTR else { break }
            for index in ends.indices where ends[index].fd >= 0 && ends[index].revents != 0 {
                let count = read(ends[index].fd, &buffer, buffer.count)
                if count > 0 { texts[index] += buffer[..<count] }
                if count == 0 || count < 0 && errno != EINTR { ends[index].fd = -1 }
            }
        }
        close(output)
        close(errors)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return (
            signal == 0 ? status >> 8 & 0xFF : 128 + signal, String(decoding: texts[0], as: UTF8.self),
            String(decoding: texts[1], as: UTF8.self)
        )
    }
}
