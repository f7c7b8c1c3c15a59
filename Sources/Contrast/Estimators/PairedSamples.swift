import Torch
import Views

/// Paired samples of two variables, row by row, whose mutual information is estimated. x and y may have different
/// dimensions.
public struct PairedSamples: Sendable {
    /// N rows of x, row-major.
    public let x: [Float]
    /// N rows of y, row-major.
    public let y: [Float]
    /// The dimensions of x and y.
    public let dimensions: (x: Int, y: Int)
    /// N, the number of pairs.
    public let count: Int

    /// Takes rows.
    /// - Parameters:
    ///   - x: rows of x one after another.
    ///   - y: rows of y in the same order.
    ///   - dimensions: of x and y.
    ///   - names: what messages call the two.
    /// - Throws: `EmbeddingsError` if the numbers of rows differ or a value is not finite.
    public init(
        x: [Float], y: [Float], dimensions: (x: Int, y: Int), names: (x: String, y: String) = ("x", "y")
    ) throws(EmbeddingsError) {
        for (values, width, name) in [(x, dimensions.x, names.x), (y, dimensions.y, names.y)] {
            guard width > 0, values.count % width == 0 else {
                throw EmbeddingsError(
                    .shape, file: name, reason: "\(values.count) numbers are not rows of \(width)",
                    remedy: "give a matrix of shape (pairs, dimension)")
            }
            try EmbeddingsError.requireFinite(
                values, width: width, file: name, remedy: "remove such rows from both files")
        }
        count = x.count / dimensions.x
        guard y.count / dimensions.y == count else {
            throw EmbeddingsError(
                .shape, file: names.y, reason: "has \(y.count / dimensions.y) rows, \(names.x) has \(count)",
                remedy: "row i of both must be the pair i")
        }
        (self.x, self.y, self.dimensions) = (x, y, dimensions)
    }

    /// Reads two of NumPy's files, float `[N, Dx]` and `[N, Dy]`.
    /// - Throws: `EmbeddingsError`, which names the file.
    public init(x: String, y: String) throws(EmbeddingsError) {
        let (xs, xShape) = try PairedEmbeddings.matrix(x)
        let (ys, yShape) = try PairedEmbeddings.matrix(y)
        try self.init(x: xs, y: ys, dimensions: (xShape[1], yShape[1]), names: (x, y))
    }
}

/// Three disjoint parts of paired samples: train, validation and test.
public struct HeldOutSplit: Sendable {
    /// Indices of the pairs that train a critic, six tenths.
    public let train: [Int]
    /// Indices of the pairs that validate it, two tenths.
    public let validation: [Int]
    /// Indices of the pairs that give the value, two tenths.
    public let test: [Int]

    /// Splits in a seeded random order, since files are often sorted.
    /// - Throws: `EmbeddingsError` if a part has fewer pairs than `candidates`, or the test part fewer than two such
    ///   batches, which the standard error needs.
    public init(_ samples: PairedSamples, candidates: Int, seed: UInt64) throws(EmbeddingsError) {
        let held = samples.count / 5
        guard held >= 2 * candidates else {
            throw EmbeddingsError(
                .tooFew, file: "pairs",
                reason: "\(samples.count) are too few: a fifth is held out, and must hold two batches of \(candidates)",
                remedy: "give \(10 * candidates) pairs or more, or fewer --candidates")
        }
        var stream = RandomStream(RandomKey(seed: seed, purpose: .criticSplit))
        let order = stream.permutation(samples.count)
        test = Array(order[..<held])
        validation = Array(order[held..<2 * held])
        train = Array(order[(2 * held)...])
    }
}
