import CTorch

/// A 2-d convolution of `[N, inputs, H, W]` with weights `[outputs, inputs / groups, k, k]`, by default without a bias.
///
/// Each of `groups` equal parts of the outputs sees its part of the inputs.
/// Weights start normal, by default with torchvision's standard deviation for ResNets, `sqrt(2 / (outputs k k))` (He et
/// al. 2015, fan out); the bias starts at 0.
public final class Conv2d: Module {
    let weight: Parameter
    let bias: Parameter?
    private let stride: Int
    private let padding: Int
    private let groups: Int

    /// Makes a layer with random weights.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1,
        bias: Bool = false, std: Double? = nil, generator: Generator
    ) throws(TorchError) {
        let std = std ?? (2 / Double(outputs * kernel * kernel)).squareRoot()
        weight = try Parameter(generator.normal([outputs, inputs / groups, kernel, kernel], std: std))
        self.bias = bias ? try Parameter(.zeros([outputs])) : nil
        self.stride = stride
        self.padding = padding
        self.groups = groups
    }

    /// `[N, outputs, H', W']`.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try x.conv2d(weight: weight.value, bias: bias?.value, stride: stride, padding: padding, groups: groups)
    }
}

extension Tensor {
    /// The 2-d convolution of `[N, inputs, H, W]` by weights `[outputs, inputs / groups, k, k]` and a bias
    /// `[outputs]`.
    public func conv2d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) throws(TorchError) -> Tensor {
        try conv2d(
            weight: weight, bias: bias, stride: stride, padding: padding, groups: groups, kernels: .fastest)
    }

    func conv2d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1, kernels: Kernels
    ) throws(TorchError) -> Tensor {
        try make("conv2d") {
            ctorch_conv2d(
                handle, weight.handle, bias?.handle, Int64(stride), Int64(padding), Int64(groups), kernels.code, $0)
        }
    }

    /// The maximum of each `kernel x kernel` window of `[N, C, H, W]`.
    public func maxPool2d(kernel: Int, stride: Int, padding: Int = 0) throws(TorchError) -> Tensor {
        try make("max_pool2d") { ctorch_max_pool2d(handle, Int64(kernel), Int64(stride), Int64(padding), $0) }
    }
}
