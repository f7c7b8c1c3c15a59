import CTorch

extension Tensor {
    /// The elements in another shape, of which one size may be -1.
    public func reshape(_ shape: [Int]) throws(TorchError) -> Tensor {
        try make("reshape") { ctorch_reshape(handle, shape.wide, shape.rank, $0) }
    }
    /// Swaps two dimensions.
    public func transpose(_ first: Int, _ second: Int) throws(TorchError) -> Tensor {
        try make("transpose") { ctorch_transpose(handle, Int64(first), Int64(second), $0) }
    }
    /// Removes a dimension of size 1.
    public func squeeze(_ dim: Int) throws(TorchError) -> Tensor {
        try make("squeeze") { ctorch_squeeze(handle, Int64(dim), $0) }
    }
    /// Inserts a dimension of size 1.
    public func unsqueeze(_ dim: Int) throws(TorchError) -> Tensor {
        try make("unsqueeze") { ctorch_unsqueeze(handle, Int64(dim), $0) }
    }
    /// A range of a dimension, which shares memory.
    public func narrow(dim: Int, start: Int, length: Int) throws(TorchError) -> Tensor {
        try make("narrow") { ctorch_narrow(handle, Int64(dim), Int64(start), Int64(length), $0) }
    }
    /// Equal parts along a dimension, which share memory.
    public func chunk(_ parts: Int, dim: Int) throws(TorchError) -> [Tensor] {
        let shape = shape
        guard shape.indices.contains(dim) else {
            throw TorchError(operation: "chunk", message: "there is no dimension \(dim) in the shape \(shape)")
        }
        let size = shape[dim]
        guard parts > 0, size % parts == 0 else {
            throw TorchError(operation: "chunk", message: "\(size) rows do not divide into \(parts) equal parts")
        }
        var chunks: [Tensor] = []
        for part in 0..<parts {
            chunks.append(try narrow(dim: dim, start: part * (size / parts), length: size / parts))
        }
        return chunks
    }
    /// The elements at the indices `index` along a dimension.
    public func gather(dim: Int, index: Tensor) throws(TorchError) -> Tensor {
        try make("gather") { ctorch_gather(handle, Int64(dim), index.handle, $0) }
    }
    /// The slices at the indices `index` along a dimension.
    public func indexSelect(dim: Int, index: Tensor) throws(TorchError) -> Tensor {
        try make("index_select") { ctorch_index_select(handle, Int64(dim), index.handle, $0) }
    }
    /// Adds `source` at the indices `index` along a dimension.
    public func scatterAdd(dim: Int, index: Tensor, source: Tensor) throws(TorchError) -> Tensor {
        try make("scatter_add") { ctorch_scatter_add(handle, Int64(dim), index.handle, source.handle, $0) }
    }
    /// One-hot rows of class indices, int64 `[N, classes]`.
    public func oneHot(_ classes: Int) throws(TorchError) -> Tensor {
        try make("one_hot") { ctorch_one_hot(handle, Int64(classes), $0) }
    }
    /// Concatenates tensors along a dimension.
    public static func cat(_ tensors: [Tensor], dim: Int) throws(TorchError) -> Tensor {
        try make("cat") { ctorch_cat(tensors.map { $0.handle }, Int32(tensors.count), Int64(dim), $0) }
    }
    /// Stacks tensors along a new dimension.
    public static func stack(_ tensors: [Tensor], dim: Int) throws(TorchError) -> Tensor {
        try make("stack") { ctorch_stack(tensors.map { $0.handle }, Int32(tensors.count), Int64(dim), $0) }
    }
    /// Overwrites the elements with those of a broadcast shape, any type and device.
    public func copy(from source: Tensor) throws(TorchError) { try check("copy", ctorch_copy_(handle, source.handle)) }
}
