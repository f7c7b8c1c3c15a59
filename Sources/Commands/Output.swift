import Files

/// Writes a command's result to standard output and everything else to standard error.
///
/// A result that cannot be written is an error. Notes that cannot be written are lost, and the work continues.
package enum Output {
    /// Opens those of the descriptors 0, 1 and 2 that are closed, so that no other file gets one of them.
    ///
    /// Standard output is opened for reading only, so that writing a result still fails, also in `diptych-torch`.
    package static func occupyStandardDescriptors() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // The system uses the lowest free number, which is this one.
            let mode = number == STDERR_FILENO ? O_WRONLY : O_RDONLY
            if open("/dev/null", mode) < 0 { _ = open("/", O_RDONLY) }
        }
    }

    /// Writes a line of the result.
    /// - Throws: `FileError`.
    package static func result(_ line: String) throws(FileError) { try result([line]) }

    /// Writes lines of the result. Paths are escaped on a terminal; elsewhere they keep the bytes of the file system.
    /// - Throws: `FileError`.
    package static func result(_ lines: [String]) throws(FileError) {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        try result(
            Data(lines.flatMap { (isTerminal ? Array(SystemPath.shown($0).utf8) : SystemPath.bytes($0)) + [0x0A] }))
    }

    /// Writes the bytes of a result, such as JSON.
    /// - Throws: `FileError`.
    package static func result(_ bytes: Data) throws(FileError) {
        guard !bytes.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) else { return }
        let name = "standard output"
        throw errno == EBADF
            ? FileError(path: name, reason: "is closed, so the result is lost")
            : FileError(path: name, failed: "cannot be written")
    }

    /// Writes a result to a file, or to standard output if the file is `-`.
    /// - Returns: whether it was written to a file.
    /// - Throws: `FileError`.
    package static func result(_ bytes: Data, to file: String) throws(FileError) -> Bool {
        guard file != "-" else {
            try result(bytes)
            return false
        }
        try AtomicFile.write(bytes, to: file)
        return true
    }

    /// Checks, before any work, that a result can be written to a file; `-` and nil are always valid.
    /// - Throws: `FileError`.
    package static func check(_ file: String?) throws(FileError) {
        if let file, file != "-" { try AtomicFile.check(file) }
    }

    /// Writes a line on standard error.
    /// - Parameter waits: whether to wait for a reader; otherwise the line is lost if a pipe is full.
    package static func note(_ line: String, waits: Bool = true) {
        diagnose(SystemPath.shown(line) + "\n", waits: waits)
    }

    /// Writes text to standard error without escaping it.
    static func diagnose(_ text: String, waits: Bool = true) {
        if !waits {
            var state = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&state, 1, 0) == 1, state.revents == Int16(POLLOUT) else { return }
        }
        _ = Array(text.utf8).withUnsafeBytes { writeAll($0, to: STDERR_FILENO) }
    }
}
