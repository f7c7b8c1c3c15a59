import CTorch

extension Tensor {
    /// The sum of all elements.
    public func sum() throws(TorchError) -> Tensor { try reduce("sum", CTORCH_SUM, [], false) }
    /// The sums over a dimension.
    public func sum(dim: Int, keepdim: Bool = false) throws(TorchError) -> Tensor {
        try reduce("sum", CTORCH_SUM, [dim], keepdim)
    }
    /// The mean of all elements.
    public func mean() throws(TorchError) -> Tensor { try reduce("mean", CTORCH_MEAN, [], false) }
    /// The means over a dimension.
    public func mean(dim: Int, keepdim: Bool = false) throws(TorchError) -> Tensor {
        try reduce("mean", CTORCH_MEAN, [dim], keepdim)
    }
    /// The means over several dimensions.
    public func mean(dims: [Int], keepdim: Bool = false) throws(TorchError) -> Tensor {
        try reduce("mean", CTORCH_MEAN, dims, keepdim)
    }
    /// The maxima over a dimension.
    public func max(dim: Int, keepdim: Bool = false) throws(TorchError) -> Tensor {
        try reduce("amax", CTORCH_MAX, [dim], keepdim)
    }
    /// `log sum e^x` over a dimension, without overflow.
    public func logsumexp(dim: Int, keepdim: Bool = false) throws(TorchError) -> Tensor {
        try reduce("logsumexp", CTORCH_LOGSUMEXP, [dim], keepdim)
    }
    /// The L2 norms over a dimension.
    public func norm(dim: Int, keepdim: Bool = false) throws(TorchError) -> Tensor {
        try reduce("norm", CTORCH_NORM, [dim], keepdim)
    }
    /// `e^x / sum e^x` over a dimension.
    public func softmax(dim: Int) throws(TorchError) -> Tensor {
        try make("softmax") { ctorch_softmax(handle, Int64(dim), false, $0) }
    }
    /// `log softmax` over a dimension, without underflow.
    public func logSoftmax(dim: Int) throws(TorchError) -> Tensor {
        try make("log_softmax") { ctorch_softmax(handle, Int64(dim), true, $0) }
    }
    /// The indices of the maxima over a dimension, int64.
    public func argmax(dim: Int) throws(TorchError) -> Tensor {
        try make("argmax") { ctorch_argmax(handle, Int64(dim), $0) }
    }
    /// The k largest elements over a dimension, largest first, and their indices, int64.
    public func topk(_ k: Int, dim: Int) throws(TorchError) -> (values: Tensor, indices: Tensor) {
        var values: ctorch_tensor?
        var indices: ctorch_tensor?
        try check("topk", ctorch_topk(handle, Int64(k), Int64(dim), &values, &indices))
        guard let values, let indices else { throw TorchError(operation: "topk", message: "gave no tensor") }
        return (Tensor(values), Tensor(indices))
    }
    /// `log det` of a square matrix of positive determinant, a scalar.
    public func logdet() throws(TorchError) -> Tensor { try make("logdet") { ctorch_logdet(handle, $0) } }
    /// The singular values of a matrix, largest first.
    public func svdvals() throws(TorchError) -> Tensor { try make("svdvals") { ctorch_svdvals(handle, $0) } }

    private func reduce(
        _ name: StaticString, _ operation: ctorch_reduction, _ dims: [Int], _ keepdim: Bool
    ) throws(TorchError) -> Tensor {
        try make(name) { ctorch_reduce(operation, handle, dims.wide, dims.rank, keepdim, $0) }
    }
}
