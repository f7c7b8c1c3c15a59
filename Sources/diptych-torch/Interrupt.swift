import Foundation
import Synchronization

/// Whether the user asked to stop: the first SIGINT or SIGTERM asks, the second ends the process at once; so does the end of the
/// time that a machine gives after SIGTERM, where it is known.
final class Interrupt: Sendable {
    private let asked = Atomic<Bool>(false)
    private let queue = DispatchQueue(label: "interrupt")
    // Kept alive for as long as signals are watched.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    /// - Parameters:
    ///   - grace: seconds from SIGTERM to the end of the process, however far the step is; nil for no end.
    ///   - lost: what such an end leaves, in words.
    init(grace: Double? = nil, lost: String = "") {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [unowned self] in
                if asked.exchange(true, ordering: .relaxed) { _exit(130) }
                Interrupt.say("stopping after this step; again to stop at once")
                guard let grace, number == SIGTERM else { return }
                queue.asyncAfter(deadline: .now() + grace) {
                    Interrupt.say(
                        "diptych: stopped \(grace) seconds after SIGTERM (--grace), before the step was done: \(lost)")
                    _exit(130)
                }
            }
            source.resume()
            sources.append(source)
        }
    }

    private static func say(_ line: String) { FileHandle.standardError.write(Data("\n\(line)\n".utf8)) }

    var requested: Bool { asked.load(ordering: .relaxed) }
}
