import Torch

/// The scores of all views of a batch with each other, which NT-Xent and its relatives share.
///
/// Of a pair of views, rows and columns are the first views of N images, then the second ones; the positive of row i is
/// column (i + N) mod 2N. All pairs of V views come from one product: block (a, b) then holds the anchors of view a,
/// and its columns are the views a, then b.
final class ViewScores: AnchorScores {
    /// N images.
    let images: Int
    /// Blocks of rows; 1 for a pair of views, V^2 for all pairs.
    private let blocks: Int
    /// The embeddings, `[V N, D]`, in float32 or wider.
    private let embeddings: Tensor
    /// The rows whose products are the scores times tau.
    private let rows: Tensor
    private let temperature: Double
    private let resultType: DType
    /// Weights of blocks in a mean over anchors, `[V^2, 1]`; nil for a pair of views.
    private let weights: Tensor?
    private var matrix: Tensor?

    /// The scores of a pair of views.
    /// - Parameter dtype: float64 where later steps amplify rounding errors.
    convenience init(
        _ first: Tensor, _ second: Tensor, temperature: Double, normalize: Bool, dtype: DType = .float32
    ) throws(TorchError) {
        try self.init([first, second], nil, temperature: temperature, normalize: normalize, dtype: dtype)
    }

    /// The scores of all pairs of views in one matrix; nil for other pairs, and where it would be too large.
    convenience init?(
        _ pairs: ViewPairs, temperature: Double, normalize: Bool, dtype: DType = .float32
    ) throws(TorchError) {
        let (views, images) = (pairs.second.count, pairs.second[0].shape[0])
        guard pairs.areSameViews, 2 * views * views * images * images <= ProductEntropy.largestMatrix else {
            return nil
        }
        let isFirst = try pairs.weights()
        let none = try Tensor.zeros([views - pairs.first.count, views], device: isFirst.device)
        // A pair of views is anchored in both of them.
        let all = try Tensor.cat([isFirst, none], dim: 0)
        let weights = try ((all + all.transpose(0, 1)) / Double(2 * images)).reshape([views * views, 1])
        try self.init(pairs.second, weights, temperature: temperature, normalize: normalize, dtype: dtype)
    }

    private init(
        _ views: [Tensor], _ weights: Tensor?, temperature: Double, normalize: Bool, dtype: DType
    ) throws(TorchError) {
        images = views[0].shape[0]
        blocks = weights == nil ? 1 : views.count * views.count
        var wide: [Tensor] = []
        for view in views { wide.append(try view.widened()) }
        var z = try Tensor.cat(wide, dim: 0)
        (embeddings, resultType) = (z, z.dtype)
        if dtype == .float64 { z = try z.to(dtype) }
        rows = normalize ? try z.normalizedRows() : z
        self.temperature = temperature
        self.weights = weights
    }

    var negativeCount: Int { 2 * images - 2 }

    /// The scores, `[A, 2N]`, a view with itself included.
    func all() throws(TorchError) -> Tensor {
        if let matrix { return matrix }
        let scores = try paired(rows.matmul(rows.transpose(0, 1)) / temperature)
        matrix = scores
        return scores
    }

    /// Read from the same scores as the others, so that a dominating positive cancels exactly.
    func positives() throws(TorchError) -> Tensor {
        let columns = try partners().unsqueeze(0) + Tensor.zeros([blocks, 1, 1], dtype: .int64, device: rows.device)
        return try all().gather(dim: 1, index: columns.reshape([-1, 1])).squeeze(1)
    }

    /// The scores with the 2N - 1 other views; -infinity for a view with itself.
    func others() throws(TorchError) -> Tensor { try filled(all(), where: isSelf) }

    func negatives() throws(TorchError) -> Tensor {
        let partners = try partners()
        return try filled(others()) { (_, columns) throws(TorchError) in try columns.eq(partners) }
    }

    func positiveCosines() throws(TorchError) -> Tensor {
        let z = try embeddings.detach().normalizedRows()
        guard blocks == 1 else { return try paired(z.matmul(z.transpose(0, 1)), ofPositives: true) }
        let halves = try z.chunk(2, dim: 0)
        return try Tensor.cat([halves[1], halves[0]], dim: 0).matmul(z.transpose(0, 1))
    }

    func crossEntropy(decoupled: Bool) throws(TorchError) -> Tensor {
        guard blocks == 1, ProductEntropy.serves(rows) else {
            return try mean((decoupled ? negatives() : others()).logsumexp(dim: 1) - positives())
        }
        return try ProductEntropy(scale: 1 / temperature, decoupled: decoupled).ofViews(rows)
    }

    func mean(_ losses: Tensor) throws(TorchError) -> Tensor {
        guard let weights else { return try losses.mean().to(resultType) }
        return try (losses.reshape([blocks, images]) * weights).sum().to(resultType)
    }

    /// The Jaccard index of the labels of rows and columns, `[A, 2N]`; 0 for a view with itself.
    func similarities(_ labels: LabelSets) throws(TorchError) -> Tensor {
        let ofImages = try labels.similarities(dtype: rows.dtype, device: rows.device)
        let columns = try Tensor.cat([ofImages, ofImages], dim: 1)
        let block = blocks == 1 ? try Tensor.cat([columns, columns], dim: 0) : columns
        let all = try block.unsqueeze(0) + Tensor.zeros([blocks, 1, 1], dtype: rows.dtype, device: rows.device)
        return try filled(all.reshape([-1, 2 * images]), by: 0, where: isSelf)
    }

    /// The rows of a block: both views of a single pair, or one of many.
    private var blockRows: Int { blocks == 1 ? 2 * images : images }

    /// The column of each row's positive in a block, `[rows, 1]`.
    private func partners() throws(TorchError) -> Tensor {
        let columns = try Tensor.arange(2 * images, device: rows.device)
        let (first, second) = (
            try columns.narrow(dim: 0, start: 0, length: images),
            try columns.narrow(dim: 0, start: images, length: images)
        )
        return try Tensor.cat(blocks == 1 ? [second, first] : [second], dim: 0).unsqueeze(1)
    }

    private func isSelf(_ row: Tensor, _ column: Tensor) throws(TorchError) -> Tensor { try row.eq(column) }

    /// The matrix with `value` where `mask` says so of a block's row and column indices.
    private func filled(
        _ matrix: Tensor, by value: Double = -.infinity,
        where mask: (_ rows: Tensor, _ columns: Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let indices = try Tensor.arange(2 * images, device: rows.device)
        let rowIndices = try indices.narrow(dim: 0, start: 0, length: blockRows).unsqueeze(1)
        let mask = try mask(rowIndices, indices.unsqueeze(0))
        return try matrix.reshape([blocks, blockRows, 2 * images]).maskedFill(mask, value)
            .reshape([blocks * blockRows, 2 * images])
    }

    /// The rows `[A, 2N]` of all blocks from the square matrix of all views.
    /// - Parameter ofPositives: whether a row is that of the anchor's positive instead of its own.
    private func paired(_ square: Tensor, ofPositives: Bool = false) throws(TorchError) -> Tensor {
        guard blocks > 1 else { return square }
        let views = square.shape[0] / images
        let device = square.device
        // [a, b, i, j]: image i in view a with image j in view b.
        let crossed = try square.reshape([views, images, views, images]).transpose(1, 2)
        let index =
            try Tensor.arange(views, device: device).reshape([views, 1, 1, 1])
            + Tensor.zeros([views, 1, images, images], dtype: .int64, device: device)
        let own = try crossed.gather(dim: 1, index: index)
        let room = try Tensor.zeros([views, views, images, images], dtype: square.dtype, device: device)
        let columns =
            ofPositives
            ? [try crossed.transpose(0, 1), try own.transpose(0, 1) + room] : [try own + room, crossed]
        return try Tensor.cat(columns, dim: 3).reshape([-1, 2 * images])
    }
}
