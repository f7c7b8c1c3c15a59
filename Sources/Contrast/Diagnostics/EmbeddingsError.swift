/// Embeddings that cannot be diagnosed, and what to do about it.
public struct EmbeddingsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Problem: String, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The array is not a matrix, is empty, or the two views differ in shape.
        case shape
        /// The elements are not of the type that is needed.
        case type
        /// There are infinite elements, or ones that are no numbers.
        case notFinite = "not_finite"
        /// All rows are equal, or rows are zero.
        case constant
        /// There are too few pairs.
        case tooFew = "too_few"
        /// The labels do not belong to the pairs.
        case labels
    }

    /// What is wrong.
    public var problem: Problem
    /// The file, or what was given in its place.
    public var file: String
    /// What is wrong, in words.
    public var reason: String
    /// What to do.
    public var remedy: String

    /// Makes an error.
    public init(_ problem: Problem, file: String, reason: String, remedy: String) {
        self.problem = problem
        self.file = file
        self.reason = reason
        self.remedy = remedy
    }

    /// `file: reason; remedy`.
    public var description: String { "\(file): \(reason); \(remedy)" }
}
