import Torch

extension Tensor {
    /// The mean of tensors of one shape.
    static func mean(of tensors: [Tensor]) throws(TorchError) -> Tensor {
        tensors.count == 1 ? tensors[0] : try Tensor.stack(tensors, dim: 0).mean(dim: 0)
    }

    /// The same in float32 if it is narrower.
    func widened() throws(TorchError) -> Tensor { dtype == .float64 ? self : try to(.float32) }

    /// The diagonal of a square matrix, `[N]`.
    func diagonal() throws(TorchError) -> Tensor {
        try gather(dim: 1, index: Tensor.arange(shape[0], device: device).unsqueeze(1)).squeeze(1)
    }

    /// The larger of two, element by element, with gradients.
    func larger(_ other: Tensor) throws(TorchError) -> Tensor { try Tensor.where(gt(other), self, other) }

    /// True where false, and the reverse.
    func negated() throws(TorchError) -> Tensor { try eq(Tensor.zeros([], dtype: .bool)) }
}
