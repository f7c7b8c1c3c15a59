import Files

/// Embeddings of two views of the same samples, and the samples' classes.
public struct PairedEmbeddings: Sendable {
    /// The smallest number of pairs.
    public static let minimum = 16

    /// The first views, `[N, D]` in row-major order.
    public let first: [Float]
    /// The second views, `[N, D]` in row-major order.
    public let second: [Float]
    /// N, the number of pairs.
    public let count: Int
    /// D, the dimension of an embedding.
    public let dimension: Int
    /// N classes, negative for a sample without a class; nil if no sample has one.
    public let labels: [Int]?

    /// Takes rows.
    /// - Parameters:
    ///   - first: first views, `[N, D]` in row-major order.
    ///   - second: second views of the same samples in the same order.
    ///   - dimension: D.
    ///   - labels: a class for each pair, negative for none; nil without classes.
    ///   - names: the names of the two views and the labels in messages.
    /// - Throws: `EmbeddingsError` if the views differ in length, have values that are not finite, are constant or
    ///   fewer than `minimum`, or if there is not one label for each pair.
    public init(
        first: [Float], second: [Float], dimension: Int, labels: [Int]? = nil,
        names: (first: String, second: String, labels: String) = ("first view", "second view", "labels")
    ) throws(EmbeddingsError) {
        guard dimension > 0, !first.isEmpty, first.count % dimension == 0 else {
            throw EmbeddingsError(
                .shape, file: names.first, reason: "\(first.count) numbers are not rows of \(dimension)",
                remedy: "give a matrix of shape (pairs, dimension)")
        }
        guard first.count == second.count else {
            throw EmbeddingsError(
                .shape, file: names.second,
                reason: "has \(second.count / dimension) rows of \(dimension), the first view "
                    + "\(first.count / dimension)",
                remedy: "row i of both must be a view of the same sample i")
        }
        count = first.count / dimension
        self.first = first
        self.second = second
        self.dimension = dimension
        guard count >= PairedEmbeddings.minimum else {
            throw EmbeddingsError(
                .tooFew, file: names.first,
                reason: "has \(count) pairs, and a diagnosis needs \(PairedEmbeddings.minimum)",
                remedy: "embed more samples, 1000 if possible")
        }
        for (rows, name) in [(first, names.first), (second, names.second)] {
            try PairedEmbeddings.check(rows, dimension: dimension, name: name)
        }
        if let labels, labels.count != count {
            throw EmbeddingsError(
                .labels, file: names.labels, reason: "has \(labels.count) labels for \(count) pairs",
                remedy: "give one label for each row of the views, in the same order")
        }
        self.labels = labels.flatMap { $0.contains { $0 >= 0 } ? $0 : nil }
    }

    private static func check(_ rows: [Float], dimension: Int, name: String) throws(EmbeddingsError) {
        try EmbeddingsError.requireFinite(
            rows, width: dimension, file: name,
            remedy: "the run has diverged, or rows were never filled: lower the learning rate, or embed again")
        let starts = stride(from: 0, to: rows.count, by: dimension)
        if let zero = starts.first(where: { start in rows[start..<start + dimension].allSatisfy { $0 == 0 } }) {
            throw EmbeddingsError(
                .constant, file: name, reason: "row \(zero / dimension) is zero and has no direction",
                remedy: "remove such rows from both views")
        }
        let isConstant = starts.allSatisfy { rows[$0..<$0 + dimension].elementsEqual(rows[..<dimension]) }
        if isConstant {
            throw EmbeddingsError(
                .constant, file: name, reason: "all rows are equal to the last bit",
                remedy: "the encoder's output is constant (complete collapse), or all rows are one sample")
        }
    }
}

extension PairedEmbeddings {
    /// Reads two views and labels from NumPy files.
    /// - Throws: `EmbeddingsError`, which names the file.
    public init(first: String, second: String, labels: String? = nil) throws(EmbeddingsError) {
        let (one, shape) = try PairedEmbeddings.matrix(first)
        let (other, otherShape) = try PairedEmbeddings.matrix(second)
        guard shape == otherShape else {
            throw EmbeddingsError(
                .shape, file: second, reason: "has the shape \(otherShape), \(first) has \(shape)",
                remedy: "row i of both must be a view of the same sample i, embedded by the same network")
        }
        try self.init(
            first: one, second: other, dimension: shape[1],
            labels: try labels.map { file throws(EmbeddingsError) in try PairedEmbeddings.classes(file) },
            names: (first, second, labels ?? "labels"))
    }

    private static func read(_ file: String) throws(EmbeddingsError) -> NpyArray {
        do throws(FileError) {
            return try NpyArray(contentsOf: file)
        } catch {
            throw EmbeddingsError(
                .unreadable, file: file, reason: error.reason, remedy: "write it by numpy.save(file, array)")
        }
    }

    /// The floats of a file and their shape.
    static func floats(_ file: String) throws(EmbeddingsError) -> ([Float], [Int]) {
        let array = try read(file)
        guard case .floats(let values) = array.elements else {
            throw EmbeddingsError(
                .type, file: file, reason: "holds elements of type \(array.type)",
                remedy: "embeddings are floats: save z.astype(numpy.float32)")
        }
        return (values, array.shape)
    }

    /// The floats of a file that holds a matrix.
    static func matrix(_ file: String) throws(EmbeddingsError) -> ([Float], [Int]) {
        let (values, shape) = try floats(file)
        guard shape.count == 2, !values.isEmpty else {
            throw EmbeddingsError(
                .shape, file: file, reason: "has the shape \(shape)",
                remedy: "give a matrix of shape (pairs, dimension)")
        }
        return (values, shape)
    }

    private static func classes(_ file: String) throws(EmbeddingsError) -> [Int] {
        let array = try read(file)
        guard case .integers(let values) = array.elements else {
            throw EmbeddingsError(
                .type, file: file, reason: "holds elements of type \(array.type)",
                remedy: "labels are integers: save y.astype(numpy.int64)")
        }
        guard array.shape.count == 1 else {
            throw EmbeddingsError(
                .labels, file: file, reason: "has the shape \(array.shape)", remedy: "give one integer for each row")
        }
        return values.map { Int($0) }
    }
}
