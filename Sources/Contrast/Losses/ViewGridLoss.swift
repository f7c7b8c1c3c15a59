import Torch

/// A loss that takes all queries and keys of an image's views at once.
protocol ViewGridLoss: PairLoss {
    /// The mean of the loss of each view's queries with every other view's keys, views counted alike in both, in a few
    /// operations over one matrix: a GPU would else wait for the many small ones of each pair to be begun.
    /// - Returns: nil where the settings allow no such form, or the matrix would be too large to hold.
    func callAsFunction(queries: [Tensor], keys: [Tensor]) throws(TorchError) -> Tensor?
}

extension InfoNCELoss: ViewGridLoss {
    func callAsFunction(queries: [Tensor], keys: [Tensor]) throws(TorchError) -> Tensor? {
        guard !symmetric, keys.count <= queries.count, let first = keys.first else { return nil }
        let (views, keyed, pairs) = (queries.count, keys.count, first.shape[0])
        guard views * pairs * keyed * pairs <= ProductEntropy.largestMatrix else { return nil }
        let all = (try Tensor.cat(queries, dim: 0).widened(), try Tensor.cat(keys, dim: 0).widened())
        guard let (x, y, scale) = try critic.products(all.0, all.1) else { return nil }
        let scores = try (x.matmul(y.transpose(0, 1)) * scale).reshape([views, pairs, keyed, pairs])
        // Made on the device: a copy to it would wait for all that it still computes.
        let device = scores.device
        let places =
            try Tensor.arange(pairs, device: device).reshape([1, pairs, 1, 1])
            + Tensor.zeros([views, pairs, keyed, 1], dtype: .int64, device: device)
        let positives = try scores.gather(dim: 3, index: places).squeeze(3)
        let itself = try Tensor.eye(views, dtype: scores.dtype, device: device).narrow(dim: 1, start: 0, length: keyed)
        let weights = try (-itself + 1).reshape([views, 1, keyed]) / Double(pairs * keyed * (views - 1))
        return try ((scores.logsumexp(dim: 3) - positives) * weights).sum()
    }
}
