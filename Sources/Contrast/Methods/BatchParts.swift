import Torch

/// Sends a batch through a network in parts, so that batch norm sees each part alone.
///
/// One device stands in for the several of MoCo's shuffled batch norm (He et al. 2020, arXiv 1911.05722, section 3.3):
/// if a query and its key are in parts with different images, a part's statistics do not reveal which key belongs to
/// which query. Parts are contiguous blocks, or strided: row i is in part i mod `count`. A strided part has equally
/// many rows of each block, which no random order improves on, as the batch is already in random order; so nothing is
/// drawn. Running statistics are updated once for each part.
struct BatchParts {
    /// The number of parts; fewer if a part would have less than the two rows that batch norm needs.
    var count: Int
    /// Whether parts are strided instead of contiguous.
    var strided = false

    /// The network's rows, in the order of the images.
    func callAsFunction(
        _ images: Tensor, _ network: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let rows = images.shape[0]
        let count = max(1, min(count, rows / 2))
        guard count > 1 else { return try network(images) }
        let order = strided ? (0..<count).flatMap { Array(stride(from: $0, to: rows, by: count)) } : Array(0..<rows)
        let arranged = strided ? try images.rows(order) : images
        var outputs: [Tensor] = []
        var start = 0
        for part in 0..<count {
            let length = rows / count + (part < rows % count ? 1 : 0)
            outputs.append(try network(arranged.narrow(dim: 0, start: start, length: length)))
            start += length
        }
        let all = try Tensor.cat(outputs, dim: 0)
        guard strided else { return all }
        var inverse = Array(repeating: 0, count: rows)
        for (index, row) in order.enumerated() { inverse[row] = index }
        return try all.rows(inverse)
    }
}

extension Tensor {
    /// The rows with these indices.
    func rows(_ indices: [Int]) throws(TorchError) -> Tensor {
        try indexSelect(
            dim: 0, index: Tensor(indices.map(Int64.init), shape: [indices.count]).to(device: device))
    }
}
