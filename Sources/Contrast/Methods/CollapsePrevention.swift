/// What keeps the embeddings of a method without negatives apart, and what to change where it does not.
public struct CollapsePrevention: Equatable, Sendable {
    /// What a diagnosis judges beside alignment, variance and rank.
    public enum Judged: Sendable {
        /// Whether each dimension has a standard deviation of about 1, as the loss demands.
        case scale
        /// Whether dimensions repeat each other.
        case redundancy
        /// Whether the prototypes are in use.
        case prototypes
        /// Whether the targets distinguish prototypes.
        case targets
    }

    /// The method's name.
    public var method: String
    /// What was to keep embeddings apart, and why it may not have: a sentence.
    public var cause: String
    /// What to change: lines of the pipeline file, or comments if no setting is the cause.
    public var remedy: [String]
    /// The paper that describes it, with its arXiv identifier.
    public var paper: String
    /// What is judged beside alignment, variance and rank.
    public var judged: Set<Judged> = []
}
