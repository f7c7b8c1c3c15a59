import Commands
import Foundation
import Synchronization

/// Whether the user asked to stop: the first SIGINT or SIGTERM asks, the second ends the process at once; so does the end of the
/// time that a machine gives after SIGTERM, where it is known.
///
/// SIGHUP, of a terminal that hung up, asks as SIGTERM does, unless it was ignored at the start, as nohup has it. It comes from the
/// shell, from the system or with SIGTERM at once, so it never counts as the second signal; nor does a signal that comes a moment after
/// the first, as from `timeout`, which sends it to the process and to its group.
///
/// No signal is lost, whenever it comes: the handler, which is in place when `init` returns, puts the signal's number into a pipe,
/// where it waits until it is read. Before `begin` there is no state that a stop could keep, so the first one ends the process.
final class Interrupt: Sendable {
    /// The pipe's end that the handler writes to; a handler knows nothing but what is global. -1 before there is one.
    private static let pipe = Atomic<Int32>(-1)

    private struct Heard {
        /// When the first SIGINT or SIGTERM came.
        var first: ContinuousClock.Instant?
        /// Whether the end of the process is set.
        var hasEnd = false
    }

    /// What comes so soon after the first signal is the same one, on another way.
    private static let echo = Duration.milliseconds(200)

    private let begun = Atomic<Bool>(false)
    private let asked = Atomic<Bool>(false)
    private let heard = Mutex(Heard())
    private let queue = DispatchQueue(label: "interrupt")
    // Kept alive for as long as signals are watched.
    private nonisolated(unsafe) var source: (any DispatchSourceRead)?

    /// Watches from here on.
    /// - Parameters:
    ///   - grace: seconds from SIGTERM to the end of the process, however far the step is; nil for no end.
    ///   - lost: what such an end leaves, in words.
    init(grace: Double? = nil, lost: String = "") {
        var ends: [Int32] = [-1, -1]
        // Without descriptors nothing can be trained either; signals then end the process, as they do by default.
        guard Foundation.pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let source = DispatchSource.makeReadSource(fileDescriptor: ends[0], queue: queue)
        source.setEventHandler { [unowned self, end = ends[0]] in
            var number: UInt8 = 0
            if read(end, &number, 1) == 1 { take(Int32(number), grace: grace, lost: lost) }
        }
        source.resume()
        self.source = source
        Interrupt.pipe.store(ends[1], ordering: .sequentiallyConsistent)
        var action = sigaction()
        let handler: @convention(c) (Int32) -> Void = { number in
            // What was interrupted must find its error as it was.
            let code = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(Interrupt.pipe.load(ordering: .relaxed), &byte, 1)
            errno = code
        }
        #if canImport(Darwin)
        action.__sigaction_u.__sa_handler = handler
        #else
        action.__sigaction_handler.sa_handler = handler
        #endif
        // A read that waits for data goes on after the handler.
        action.sa_flags = Int32(SA_RESTART)
        for number in [SIGINT, SIGTERM] { sigaction(number, &action, nil) }
        var before = sigaction()
        sigaction(SIGHUP, nil, &before)
        if !Interrupt.ignores(before) { sigaction(SIGHUP, &action, nil) }
    }

    /// From here on a stop leaves a checkpoint.
    func begin() { begun.store(true, ordering: .sequentiallyConsistent) }

    /// Whether to stop.
    var requested: Bool { asked.load(ordering: .relaxed) }

    private func take(_ number: Int32, grace: Double?, lost: String) {
        guard begun.load(ordering: .sequentiallyConsistent) else {
            Interrupt.say("diptych: stopped before the first step")
            _exit(130)
        }
        let wasAsked = asked.exchange(true, ordering: .relaxed)
        let setsEnd = heard.withLock { heard in
            let now = ContinuousClock.now
            if number != SIGHUP {
                if let first = heard.first, now - first > Interrupt.echo { _exit(130) }
                heard.first = heard.first ?? now
            }
            defer { heard.hasEnd = heard.hasEnd || number != SIGINT }
            return number != SIGINT && !heard.hasEnd
        }
        if !wasAsked { Interrupt.say("stopping after this step; again to stop at once") }
        guard let grace, setsEnd else { return }
        queue.asyncAfter(deadline: .now() + grace) {
            Interrupt.say(
                "diptych: stopped \(grace) seconds after SIGTERM (--grace), before the step was done: \(lost)")
            _exit(130)
        }
    }

    private static func ignores(_ action: sigaction) -> Bool {
        #if canImport(Darwin)
        let handler = action.__sigaction_u.__sa_handler
        #else
        let handler = action.__sigaction_handler.sa_handler
        #endif
        return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    // Without waiting: a reader that stands still must not keep the second signal from being heard.
    private static func say(_ line: String) { Output.note("\n\(line)", waits: false) }
}
