import Dispatch
import Files

/// Threads that share one piece of work, for work that blocks or computes for long.
enum Workers {
    /// Runs `body` on `count` threads and returns when all have ended; on this one where none can be started.
    static func run(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let group = DispatchGroup()
        var started = 0
        for _ in 0..<max(1, count) {
            group.enter()
            let isStarted = SystemThread.start {
                body()
                group.leave()
            }
            if isStarted { started += 1 } else { group.leave() }
        }
        if started == 0 { body() }
        group.wait()
    }
}
