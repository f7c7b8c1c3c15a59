import Files

/// A value that one thread at a time may touch.
///
/// `Synchronization.Mutex` does the same with less; but the thread sanitizer does not see its locks, and so calls every access
/// under them a race.
///
/// `@unchecked Sendable`: the value is touched under the lock alone.
package final class Locked<Value>: @unchecked Sendable {
    private let lock = Condition()
    private var value: Value

    package init(_ value: Value) { self.value = value }

    /// Runs `body` with the value, when no other thread does.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try lock.withLock { () throws(Failure) in try body(&value) }
    }
}
