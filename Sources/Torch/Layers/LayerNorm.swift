import CTorch

/// Layer normalisation over the last dimension, `(x - mean) / sqrt(variance + eps) w + b`: Ba et al. 2016, arXiv
/// 1607.06450.
public final class LayerNorm: Module {
    /// The factor of each dimension.
    public let weight: Parameter
    let bias: Parameter
    private let eps: Double

    /// Makes a layer with weight 1 and bias 0.
    public init(_ width: Int, eps: Double = 1e-5) throws(TorchError) {
        weight = try Parameter(.ones([width]))
        bias = try Parameter(.zeros([width]))
        self.eps = eps
    }

    /// The normalised input, in its shape.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try make("layer_norm") {
            ctorch_layer_norm(x.handle, weight.value.handle, bias.value.handle, eps, $0)
        }
    }
}
