import Foundation
import Synchronization

/// One line on a terminal that tells how far some work is; nothing elsewhere. May be written to from any thread.
package final class StatusLine: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let last = Mutex(ContinuousClock.now - .seconds(60))

    package init() {}

    /// Shows a text, at most ten times a second.
    package func show(_ text: @autoclosure () -> String) {
        guard isTerminal else { return }
        let isDue = last.withLock { last in
            let now = ContinuousClock.now
            guard now - last >= .milliseconds(100) else { return false }
            last = now
            return true
        }
        if isDue { FileHandle.standardError.write(Data("\r\u{1B}[2K\(text())".utf8)) }
    }

    /// Takes the line away.
    package func clear() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
    }
}
