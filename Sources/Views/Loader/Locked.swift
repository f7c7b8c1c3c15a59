import Files

/// A value that one thread at a time may access.
///
/// `Synchronization.Mutex` is simpler, but the thread sanitizer does not see its locks and so reports every access as a
/// race.
///
/// `@unchecked Sendable`: the lock guards the value.
package final class Locked<Value>: @unchecked Sendable {
    private let lock = Condition()
    private var value: Value

    package init(_ value: Value) { self.value = value }

    /// Runs `body` with exclusive access to the value.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try lock.withLock { () throws(Failure) in try body(&value) }
    }
}
