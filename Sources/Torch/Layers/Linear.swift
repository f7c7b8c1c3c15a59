import CTorch

/// `x W^T + b` over `[N, inputs]`, initialised uniformly in `1 / sqrt(inputs)` as PyTorch does.
public final class Linear: Module {
    let weight: Parameter
    let bias: Parameter?

    /// Makes a layer with random weights. `fanIn` is the number of inputs of the larger layer that this is a part of.
    public init(
        _ inputs: Int, _ outputs: Int, bias: Bool = true, fanIn: Int? = nil, generator: Generator
    ) throws(TorchError) {
        let bound = 1 / Double(max(fanIn ?? inputs, 1)).squareRoot()
        weight = try Parameter(generator.uniform([outputs, inputs], -bound, bound))
        self.bias = bias ? try Parameter(generator.uniform([outputs], -bound, bound)) : nil
    }

    /// Makes a layer with normal weights of a standard deviation, and a bias of 0.
    public init(
        _ inputs: Int, _ outputs: Int, bias: Bool = true, std: Double, generator: Generator
    ) throws(TorchError) {
        weight = try Parameter(generator.normal([outputs, inputs], std: std))
        self.bias = bias ? try Parameter(.zeros([outputs])) : nil
    }

    /// `[N, outputs]`.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try make("linear") { ctorch_linear(x.handle, weight.value.handle, bias?.value.handle, $0) }
    }
}
