import Files
import Synchronization

/// A progress line on a terminal that is overwritten, between permanent lines. Any thread may write.
///
/// It is overwritten by a carriage return and blanks, without control sequences. If standard error is not a terminal,
/// or one that cannot overwrite (`TERM` is `dumb` or unset), only the permanent lines are written.
package final class StatusLine: Sendable {
    /// Whether the line is shown.
    package let isLive: Bool
    private let state = Mutex(State())

    private struct State {
        var last = ContinuousClock.now - .seconds(60)
        /// The number of characters of the current line.
        var length = 0
    }

    /// A status line on standard error.
    package init() {
        isLive = StatusLine.canGoBack(
            isTerminal: isatty(STDERR_FILENO) == 1, terminal: ProcessInfo.processInfo.environment["TERM"])
    }

    // An error message needs an empty line.
    deinit { clear() }

    /// Whether a line can be overwritten.
    static func canGoBack(isTerminal: Bool, terminal: String?) -> Bool {
        isTerminal && !["", "dumb"].contains(terminal ?? "")
    }

    /// Shows a text, at most ten times a second.
    package func show(_ text: @autoclosure () -> String) {
        guard isLive else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            guard now - state.last >= .milliseconds(100) else { return }
            state.last = now
            // A line that wraps could not be overwritten.
            let line = String(text().prefix(StatusLine.width - 1))
            let blanks = String(repeating: " ", count: max(0, state.length - line.count))
            Output.diagnose("\r\(line)\(blanks)")
            state.length = line.count
        }
    }

    /// Clears the line.
    package func clear() { state.withLock { StatusLine.clear(&$0) } }

    /// Writes a permanent line.
    package func note(_ line: String) {
        state.withLock { state in
            StatusLine.clear(&state)
            Output.note(line)
        }
    }

    private static func clear(_ state: inout State) {
        if state.length > 0 { Output.diagnose("\r\(String(repeating: " ", count: state.length))\r") }
        state.length = 0
    }

    /// The width of the terminal in columns.
    private static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
        return Int(size.ws_col)
    }
}
