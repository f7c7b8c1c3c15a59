import Commands
import Foundation
import Synchronization

/// Whether the user asked to stop. The first SIGINT or SIGTERM asks, and the second ends the process at once. So does
/// the end of the grace period after SIGTERM, if there is one.
///
/// SIGUSR1, which a scheduler sends before a job's time is over, asks too, and the process then ends with the status
/// that asks for another start. It never counts as the second signal.
///
/// SIGHUP, from a terminal that is closed, asks like SIGTERM, unless it was ignored at the start, as by nohup. It may
/// come together with SIGTERM, so it never counts as the second signal. A signal shortly after the first does not count
/// either, because `timeout` signals both the process and its group.
///
/// No signal is lost: the handler, which is installed when `init` returns, writes the signal's number into a pipe.
/// Before `begin` there is no state to save, so the first signal ends the process.
final class Interrupt: Sendable {
    /// The end of the pipe that the handler writes to; -1 before there is one. It is global because a handler has no
    /// context.
    private static let pipe = Atomic<Int32>(-1)

    private struct Heard {
        /// When the first SIGINT or SIGTERM came.
        var first: ContinuousClock.Instant?
        /// Whether the end of the grace period is scheduled.
        var hasEnd = false
    }

    /// A signal that comes within this time after the first counts as the same one.
    private static let echo = Duration.milliseconds(200)

    private let begun = Atomic<Bool>(false)
    private let asked = Atomic<Bool>(false)
    private let asksForStart = Atomic<Bool>(false)
    /// What to do with signals in place of all this; nil for a process that works itself.
    private let relay: (@Sendable (Int32) -> Void)?
    private let heard = Mutex(Heard())
    private let queue = DispatchQueue(label: "interrupt")
    // Retained while signals are watched.
    private nonisolated(unsafe) var source: (any DispatchSourceRead)?

    /// Starts to watch signals.
    /// - Parameters:
    ///   - grace: seconds from SIGTERM to the end of the process, even within a step; nil for no limit.
    ///   - lost: what is lost by such an end, for the message.
    ///   - relay: is given each signal, for a process that only waits for another.
    init(grace: Double? = nil, lost: String = "", relay: (@Sendable (Int32) -> Void)? = nil) {
        self.relay = relay
        var ends: [Int32] = [-1, -1]
        // Without descriptors training fails anyway, and signals end the process as by default.
        guard Foundation.pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let source = DispatchSource.makeReadSource(fileDescriptor: ends[0], queue: queue)
        source.setEventHandler { [unowned self, end = ends[0]] in
            var number: UInt8 = 0
            if read(end, &number, 1) == 1 { receive(Int32(number), grace: grace, lost: lost) }
        }
        source.resume()
        self.source = source
        Interrupt.pipe.store(ends[1], ordering: .sequentiallyConsistent)
        var action = sigaction()
        let handler: @convention(c) (Int32) -> Void = { number in
            // The interrupted code must find `errno` unchanged.
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
        // A blocked read continues after the handler.
        action.sa_flags = Int32(SA_RESTART)
        for number in [SIGINT, SIGTERM, SIGUSR1] { sigaction(number, &action, nil) }
        var before = sigaction()
        sigaction(SIGHUP, nil, &before)
        if !Interrupt.ignores(before) { sigaction(SIGHUP, &action, nil) }
    }

    /// After this call, a stop saves a checkpoint.
    func begin() { begun.store(true, ordering: .sequentiallyConsistent) }

    /// Whether the user asked to stop.
    var requested: Bool { asked.load(ordering: .relaxed) }

    /// The status of a process that was asked to stop.
    var status: ExitStatus { asksForStart.load(ordering: .relaxed) ? .requeue : .interrupted }

    private func receive(_ number: Int32, grace: Double?, lost: String) {
        let wasAsked = asked.load(ordering: .relaxed)
        if !wasAsked, number == SIGUSR1 { asksForStart.store(true, ordering: .relaxed) }
        asked.store(true, ordering: .relaxed)
        if let relay { return relay(number) }
        guard begun.load(ordering: .sequentiallyConsistent) else {
            Interrupt.say("diptych: stopped before the first step")
            _exit(status.rawValue)
        }
        let setsEnd = heard.withLock { heard in
            let now = ContinuousClock.now
            if [SIGINT, SIGTERM].contains(number) {
                if let first = heard.first, now - first > Interrupt.echo { _exit(130) }
                heard.first = heard.first ?? now
            }
            let isOfGrace = [SIGTERM, SIGHUP].contains(number)
            defer { heard.hasEnd = heard.hasEnd || isOfGrace }
            return isOfGrace && !heard.hasEnd
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

    // It does not wait, because a blocked reader must not delay the second signal.
    private static func say(_ line: String) { Output.note("\n\(line)", waits: false) }
}
