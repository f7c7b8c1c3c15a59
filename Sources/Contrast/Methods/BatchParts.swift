import Torch

/// Sends a batch through a network in parts, so that batch norm sees each part alone.
///
/// One device stands in for the several of MoCo's shuffled batch norm (He et al. 2020, arXiv 1911.05722, section 3.3): where
/// a query and its key pass in parts of different pictures, the statistics of a part do not give away which key is which
/// query's. Rows that are `dealt` go to the parts in turn, as cards do; others in blocks. A part of dealt rows then holds as
/// many of each block, which no random order does better, the batch's own being random already; and nothing has to be drawn.
/// Running statistics move once for each part.
struct BatchParts {
    /// Parts of a batch; fewer where one would have less than the two rows that batch norm needs.
    var count: Int
    /// Whether rows are dealt out.
    var dealt = false

    /// The network's rows for the images' rows.
    func callAsFunction(
        _ images: Tensor, _ network: (Tensor) throws(TorchError) -> Tensor
    ) throws(TorchError) -> Tensor {
        let rows = images.shape[0]
        let count = max(1, min(count, rows / 2))
        guard count > 1 else { return try network(images) }
        let order = dealt ? (0..<count).flatMap { Array(stride(from: $0, to: rows, by: count)) } : Array(0..<rows)
        let arranged = dealt ? try images.rows(order) : images
        var outputs: [Tensor] = []
        var start = 0
        for part in 0..<count {
            let length = rows / count + (part < rows % count ? 1 : 0)
            outputs.append(try network(arranged.narrow(dim: 0, start: start, length: length)))
            start += length
        }
        let all = try Tensor.cat(outputs, dim: 0)
        guard dealt else { return all }
        var places = Array(repeating: 0, count: rows)
        for (place, row) in order.enumerated() { places[row] = place }
        return try all.rows(places)
    }
}

extension Tensor {
    /// The rows of these numbers.
    fileprivate func rows(_ numbers: [Int]) throws(TorchError) -> Tensor {
        try indexSelect(
            dim: 0, index: Tensor(numbers.map(Int64.init), shape: [numbers.count]).to(device: device))
    }
}
