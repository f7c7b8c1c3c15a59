import Foundation

/// A line of the shell on a terminal of its own, typed at and read as by a person.
final class Terminal {
    /// Everything that the terminal has shown.
    private(set) var text = ""
    private let master: Int32
    private var process: pid_t = 0
    private var status: Int32?

    /// Starts `sh -c line` at the desk.
    /// - Parameters:
    ///   - columns: the terminal's width.
    ///   - environment: variables beside those that are there; nil takes one away.
    init(_ line: String, at desk: Desk, columns: UInt16 = 100, environment: [String: String?] = [:]) throws {
        guard let ends = Terminal.pair() else { throw POSIXError(.ENODEV) }
        master = ends.master
        var size = winsize(ws_row: 25, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        _ = ioctl(master, UInt(TIOCSWINSZ), &size)
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        // The first terminal that the leader of a session opens is the session's.
        posix_spawn_file_actions_addopen(&files, 0, ends.name, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&files, 0, 1)
        posix_spawn_file_actions_adddup2(&files, 0, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        let flags = Int32(POSIX_SPAWN_SETSIGDEF) | Int32(POSIX_SPAWN_SETSIGMASK) | 0x80  // POSIX_SPAWN_SETSID
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var variables = Desk.environment
        variables["TERM"] = "xterm"
        for (name, value) in environment { variables[name] = value }
        let words = ["sh", "-c", "cd '\(desk.path)' && \(line)"]
        let failure = Terminal.withPointers(words) { arguments in
            Terminal.withPointers(variables.map { "\($0)=\($1)" }) { variables in
                posix_spawn(&process, "/bin/sh", &files, &attributes, arguments, variables)
            }
        }
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(master)
    }

    /// Types a text; `\u{3}` is Ctrl-C.
    func type(_ text: String) { _ = Array(text.utf8).withUnsafeBytes { write(master, $0.baseAddress, $0.count) } }

    /// Reads until the terminal has shown a text; false where it does not within a minute.
    func shows(_ text: String) -> Bool {
        let end = ContinuousClock.now + .seconds(60)
        while !self.text.contains(text), ContinuousClock.now < end, read() {}
        return self.text.contains(text)
    }

    /// Lets the other side go away, as a window that is closed.
    func hangUp() { dup2(Foundation.open("/dev/null", O_RDWR), master) }

    /// Waits for the end, a minute at most, and gives the exit code; 128 and the signal's number where one ended it.
    func finish() -> Int32 {
        let end = ContinuousClock.now + .seconds(60)
        var state: Int32 = 0
        while waitpid(process, &state, WNOHANG) == 0 {
            guard ContinuousClock.now < end else {
                kill(process, SIGKILL)
                continue
            }
            if !read() { usleep(10_000) }
        }
        while read() {}
        let code = state & 0x7F == 0 ? (state >> 8) & 0xFF : 128 + state & 0x7F
        status = code
        return code
    }

    /// Takes what is there, waiting a moment; false where nobody can write any more.
    private func read() -> Bool {
        var state = pollfd(fd: master, events: Int16(POLLIN), revents: 0)
        guard poll(&state, 1, 50) > 0 else { return status == nil && kill(process, 0) == 0 }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Foundation.read(master, &buffer, buffer.count)
        guard count > 0 else { return false }
        text += String(decoding: buffer[..<count], as: UTF8.self)
        return true
    }

    /// A new terminal: our end, and the path of the other.
    private static func pair() -> (master: Int32, name: String)? {
        #if os(Linux)
        // Glibc hides posix_openpt from Swift: TIOCSPTLCK and TIOCGPTN are what it does.
        let master = Foundation.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (lock, number): (Int32, UInt32) = (0, 0)
        guard master >= 0, ioctl(master, 0x4004_5431, &lock) == 0, ioctl(master, 0x8004_5430, &number) == 0 else {
            return nil
        }
        return (master, "/dev/pts/\(number)")
        #else
        let master = posix_openpt(O_RDWR | O_NOCTTY)
        guard master >= 0, grantpt(master) == 0, unlockpt(master) == 0, let name = ptsname(master) else { return nil }
        return (master, String(cString: name))
        #endif
    }

    private static func withPointers<Result>(
        _ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = words.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
