import Files

/// Where a command speaks: its result on standard output, everything else on standard error.
///
/// A result that cannot be written is an error. Diagnostics that cannot be written are lost, and the work goes on.
package enum Output {
    /// Opens what is closed of the descriptors 0, 1 and 2, so that no file gets one of them and is written into.
    ///
    /// Standard output is then for reading only, so that a result finds it closed still, in a program that takes over too.
    package static func occupyStandardDescriptors() {
        for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
            // The system gives the lowest number that is free, which is this one.
            let mode = number == STDERR_FILENO ? O_WRONLY : O_RDONLY
            if open("/dev/null", mode) < 0 { _ = open("/", O_RDONLY) }
        }
    }

    /// Writes a line of the result.
    /// - Throws: `FileError`.
    package static func result(_ line: String) throws(FileError) { try result([line]) }

    /// Writes lines of the result; on a terminal paths are for people, elsewhere they are as the file system has them.
    /// - Throws: `FileError`.
    package static func result(_ lines: [String]) throws(FileError) {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        try result(Data(lines.flatMap { (isTerminal ? Array(plain($0).utf8) : SystemPath.bytes($0)) + [0x0A] }))
    }

    /// Writes a result as it is, as JSON.
    /// - Throws: `FileError`.
    package static func result(_ bytes: Data) throws(FileError) {
        guard !bytes.withUnsafeBytes({ writeAll($0, to: STDOUT_FILENO) }) else { return }
        let name = "standard output"
        throw errno == EBADF
            ? FileError(path: name, reason: "is closed, so the result is lost")
            : FileError(path: name, failed: "cannot be written")
    }

    /// Writes a result to a file, or to standard output where that is `-`.
    /// - Returns: whether it is in a file.
    /// - Throws: `FileError`.
    package static func result(_ bytes: Data, to file: String) throws(FileError) -> Bool {
        guard file != "-" else {
            try result(bytes)
            return false
        }
        try AtomicFile.write(bytes, to: file)
        return true
    }

    /// Finds out before the work whether a result can be written to a file; `-` and nil need none.
    /// - Throws: `FileError`.
    package static func check(_ file: String?) throws(FileError) {
        if let file, file != "-" { try AtomicFile.check(file) }
    }

    /// Writes a line on standard error.
    /// - Parameter waits: whether to wait where nobody reads at the moment; else the line is lost.
    package static func note(_ line: String, waits: Bool = true) { diagnose(plain(line) + "\n", waits: waits) }

    /// Writes a text on standard error as it is.
    static func diagnose(_ text: String, waits: Bool = true) {
        if !waits {
            var state = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            guard poll(&state, 1, 0) == 1, state.revents == Int16(POLLOUT) else { return }
        }
        _ = Array(text.utf8).withUnsafeBytes { writeAll($0, to: STDERR_FILENO) }
    }

    /// The text without characters that steer a terminal.
    private static func plain(_ text: String) -> String {
        let text = SystemPath.printable(text)
        func steers(_ byte: UInt8) -> Bool {
            byte < 0x20 && byte != UInt8(ascii: "\n") && byte != UInt8(ascii: "\t") || byte == 0x7F
        }
        guard text.utf8.contains(where: steers) else { return text }
        return text.unicodeScalars.map { scalar in
            scalar.isASCII && steers(UInt8(scalar.value)) ? SystemPath.escape(UInt8(scalar.value)) : String(scalar)
        }.joined()
    }
}
