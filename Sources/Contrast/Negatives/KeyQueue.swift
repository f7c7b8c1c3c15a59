import Torch

/// The last K keys of training, the memory of MoCo: He et al. 2020, arXiv 1911.05722, section 3.2.
///
/// A ring buffer: new keys overwrite the oldest ones. It begins with random unit vectors, as in the authors' code. The
/// keys and the write index are state, so that a resumed run has the same negatives.
final class KeyQueue: Module {
    /// `[K, D]`, without a gradient.
    let keys: Buffer
    /// The row that the next key overwrites.
    let next: Buffer

    init(size: Int, dimension: Int, generator: Generator) throws(TorchError) {
        keys = Buffer(try generator.normal([size, dimension], std: 1).normalizedRows())
        next = Buffer(try .zeros([], dtype: .int64))
    }

    /// K.
    var size: Int { keys.value.shape[0] }

    /// Overwrites the oldest keys by `[N, D]`; of more than K, it keeps the last K.
    func append(_ rows: Tensor) throws(TorchError) {
        let size = size
        let surplus = max(0, rows.shape[0] - size)
        var rows = try rows.detach()
        if surplus > 0 { rows = try rows.narrow(dim: 0, start: surplus, length: size) }
        let count = rows.shape[0]
        let start = Int(try next.value.item())
        // The end of the ring may lie within the batch.
        let before = min(count, size - start)
        try keys.value.narrow(dim: 0, start: start, length: before)
            .copy(from: rows.narrow(dim: 0, start: 0, length: before))
        if before < count {
            try keys.value.narrow(dim: 0, start: 0, length: count - before)
                .copy(from: rows.narrow(dim: 0, start: before, length: count - before))
        }
        try next.value.copy(from: Tensor([Int64((start + count) % size)], shape: []))
    }

    /// A copy of the newest keys, `[count, D]`, which later keys do not change, in the order of the ring. Losses do not
    /// depend on that order.
    func newest(_ count: Int) throws(TorchError) -> Tensor {
        let size = size
        guard count < size else { return try keys.value.clone() }
        let end = Int(try next.value.item())
        let before = min(count, end)
        let last = try keys.value.narrow(dim: 0, start: end - before, length: before)
        guard before < count else { return try last.clone() }
        let missing = count - before
        return try Tensor.cat([keys.value.narrow(dim: 0, start: size - missing, length: missing), last], dim: 0)
    }
}
