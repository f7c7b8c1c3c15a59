import Files
import Torch

/// Score matrices of a critic from elsewhere: rows are x, columns y, pairs on the diagonal.
public struct ScoreBatches: Sendable {
    /// The scores, `[count, candidates, candidates]`.
    private let values: [Float]
    /// The number of matrices.
    public let count: Int
    /// K, the pairs of each.
    public let candidates: Int

    /// Reads a .npy file of shape `[K, K]`, or `[B, K, K]` for B batches.
    /// - Parameters:
    ///   - file: its path.
    ///   - candidates: the size of the diagonal blocks that a matrix is cut into; nil for the whole matrix.
    /// - Throws: `EmbeddingsError`, which names the file.
    public init(contentsOf file: String, candidates: Int? = nil) throws(EmbeddingsError) {
        let (scores, shape) = try PairedEmbeddings.floats(file)
        guard (2...3).contains(shape.count), let pairs = shape.last, pairs == shape[shape.count - 2], !scores.isEmpty
        else {
            throw EmbeddingsError(
                .shape, file: file, reason: "has the shape \(shape)",
                remedy: "give square scores of shape (K, K), or (batches, K, K), pairs on the diagonal")
        }
        try EmbeddingsError.requireFinite(
            scores, width: pairs, file: file, remedy: "scores must be finite numbers in the range of float32")
        let width = min(candidates ?? pairs, pairs)
        guard width >= 4 else {
            throw EmbeddingsError(
                .tooFew, file: file, reason: "has \(pairs) pairs in a matrix", remedy: "give 4 or more")
        }
        var blocks: [Float] = []
        for matrix in 0..<scores.count / (pairs * pairs) {
            for start in stride(from: 0, through: pairs - width, by: width) {
                for row in start..<start + width {
                    let first = (matrix * pairs + row) * pairs + start
                    blocks += scores[first..<first + width]
                }
            }
        }
        values = blocks
        self.candidates = width
        count = blocks.count / (width * width)
    }

    /// One matrix, float64.
    func matrix(_ index: Int) throws(TorchError) -> Tensor {
        let size = candidates * candidates
        return try Tensor(Array(values[index * size..<(index + 1) * size]), shape: [candidates, candidates])
            .to(.float64)
    }
}
