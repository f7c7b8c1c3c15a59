import Synchronization

/// Indices for threads that share a list of images, and the number of images done.
final class BenchCounter: Sendable {
    private let given = Atomic(0)
    private let finished = Atomic(0)

    /// 0, 1, 2 and so on, each once.
    func next() -> Int { given.wrappingAdd(1, ordering: .relaxed).oldValue }

    func add() { finished.wrappingAdd(1, ordering: .relaxed) }

    var done: Int { finished.load(ordering: .relaxed) }
}
