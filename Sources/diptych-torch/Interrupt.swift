import Foundation
import Synchronization

/// Whether the user asked to stop: the first SIGINT or SIGTERM asks, the second ends the process at once.
final class Interrupt: Sendable {
    private let asked = Atomic<Bool>(false)
    private let queue = DispatchQueue(label: "interrupt")
    // Kept alive for as long as signals are watched.
    private nonisolated(unsafe) var sources: [any DispatchSourceSignal] = []

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { [unowned self] in
                if asked.exchange(true, ordering: .relaxed) { _exit(130) }
                FileHandle.standardError.write(Data("\nstopping after this step; again to stop at once\n".utf8))
            }
            source.resume()
            sources.append(source)
        }
    }

    var requested: Bool { asked.load(ordering: .relaxed) }
}
