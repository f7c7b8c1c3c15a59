import Foundation

/// Threads that share one piece of work, for work that blocks or computes for long.
enum Workers {
    /// Runs `body` on `count` threads and returns when all have ended.
    static func run(_ count: Int, _ body: @escaping @Sendable () -> Void) {
        let group = DispatchGroup()
        for _ in 0..<max(1, count) {
            group.enter()
            let thread = Thread {
                body()
                group.leave()
            }
            // Decoders keep rows on the stack.
            thread.stackSize = 4 << 20
            thread.start()
        }
        group.wait()
    }
}
