/// Embeddings that cannot be diagnosed, and what to do about it.
public struct EmbeddingsError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kinds of problem.
    public enum Problem: String, Sendable {
        /// The file cannot be read.
        case unreadable
        /// The array is not a matrix, is empty, or the two views differ in shape.
        case shape
        /// The elements have another type than is needed.
        case type
        /// Some elements are infinite or NaN.
        case notFinite = "not_finite"
        /// All rows are equal, or some are zero.
        case constant
        /// There are too few pairs.
        case tooFew = "too_few"
        /// There is not one label for each pair.
        case labels
    }

    /// The kind of problem.
    public var problem: Problem
    /// The file, or a name for data that came from none.
    public var file: String
    /// One sentence for the user.
    public var reason: String
    /// What to do about it.
    public var remedy: String

    /// Makes an error.
    public init(_ problem: Problem, file: String, reason: String, remedy: String) {
        self.problem = problem
        self.file = file
        self.reason = reason
        self.remedy = remedy
    }

    /// Throws unless all values, rows of `width`, are finite.
    static func requireFinite(
        _ values: [Float], width: Int, file: String, remedy: String
    ) throws(EmbeddingsError) {
        guard let index = values.firstIndex(where: { !$0.isFinite }) else { return }
        throw EmbeddingsError(
            .notFinite, file: file, reason: "row \(index / width), column \(index % width) is \(values[index])",
            remedy: remedy)
    }

    /// `file: reason; remedy`.
    public var description: String { "\(file): \(reason); \(remedy)" }
}
