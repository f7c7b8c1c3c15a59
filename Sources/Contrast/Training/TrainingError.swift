/// Why a run cannot start or go on, where no other error says it.
public struct TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of failure, which tools can tell apart.
    public enum Kind: String, Sendable {
        /// A setting does not fit the data or the run.
        case unusable
        /// The data do not suffice.
        case data
        /// The run itself failed.
        case failed
    }

    /// The kind of failure.
    public var kind: Kind
    /// One line for people: what is wrong and what to do.
    public var reason: String

    /// Makes an error.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
