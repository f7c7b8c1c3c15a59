import Files
import Synchronization

/// A line on a terminal that is written over as work goes on, between lines that stay; may be written to from any thread.
///
/// It is written over by a carriage return and blanks, so no terminal sees a control sequence. Where standard error is no
/// terminal, or one that cannot go back (`TERM` is `dumb` or unset), only the lines that stay are written.
package final class StatusLine: Sendable {
    /// Whether the line is shown.
    package let isLive: Bool
    private let state = Mutex(State())

    private struct State {
        var last = ContinuousClock.now - .seconds(60)
        /// Characters of the line that is there.
        var length = 0
    }

    /// Looks at what standard error is.
    package init() {
        isLive = StatusLine.canGoBack(
            isTerminal: isatty(STDERR_FILENO) == 1, terminal: ProcessInfo.processInfo.environment["TERM"])
    }

    // Whatever ended the work, an error must find an empty line.
    deinit { clear() }

    /// Whether a line can be written over.
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
            // A line that wraps could not be taken back.
            let line = String(text().prefix(StatusLine.width - 1))
            let blanks = String(repeating: " ", count: max(0, state.length - line.count))
            Output.diagnose("\r\(line)\(blanks)")
            state.length = line.count
        }
    }

    /// Takes the line away.
    package func clear() { state.withLock { StatusLine.clear(&$0) } }

    /// Writes a line that stays.
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

    /// Columns of the terminal.
    private static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 80 }
        return Int(size.ws_col)
    }
}
