import Torch
import Views

/// Paired samples of two variables, row by row, whose mutual information is asked for; x and y may differ in width.
public struct PairedSamples: Sendable {
    /// N rows of x, row-major.
    public let x: [Float]
    /// N rows of y, row-major.
    public let y: [Float]
    /// Numbers of a row.
    public let dimensions: (x: Int, y: Int)
    /// N pairs.
    public let count: Int

    /// Takes rows.
    /// - Parameters:
    ///   - x: rows of x one after another.
    ///   - y: rows of y in the same order.
    ///   - dimensions: the numbers of a row of each.
    ///   - names: what messages call the two.
    /// - Throws: `EmbeddingsError` where they are not as many rows, or hold anything but finite numbers.
    public init(
        x: [Float], y: [Float], dimensions: (x: Int, y: Int), names: (x: String, y: String) = ("x", "y")
    ) throws(EmbeddingsError) {
        for (values, width, name) in [(x, dimensions.x, names.x), (y, dimensions.y, names.y)] {
            guard width > 0, values.count % width == 0 else {
                throw EmbeddingsError(
                    .shape, file: name, reason: "\(values.count) numbers are not rows of \(width)",
                    remedy: "give a matrix of shape (pairs, dimension)")
            }
            if let bad = values.firstIndex(where: { !$0.isFinite }) {
                throw EmbeddingsError(
                    .notFinite, file: name, reason: "row \(bad / width), column \(bad % width) is \(values[bad])",
                    remedy: "leave such rows out of both files")
            }
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

/// Three parts of paired samples without a common pair: to learn a critic from, to choose when to stop, and to report on.
public struct HeldOutSplit: Sendable {
    /// Places of the pairs that a critic learns from, six tenths.
    public let train: [Int]
    /// Places of the pairs that choose the critic, two tenths.
    public let choose: [Int]
    /// Places of the pairs that give the value, two tenths.
    public let test: [Int]

    /// Splits in a seeded random order, since files often come sorted.
    /// - Throws: `EmbeddingsError` where a part would have fewer pairs than `candidates`, or the last fewer than two such
    ///   batches, without which there is no standard error.
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
        choose = Array(order[held..<2 * held])
        train = Array(order[(2 * held)...])
    }
}
