import CTorch

/// A 2-d convolution for inference: `conv(x) + bias`, optionally plus a shortcut, then an activation; without
/// gradients.
///
/// On the CPU, float32 3x3 convolutions with stride 1, channels innermost and in groups of 16, use Winograd's
/// transforms. Those of the weights are computed once, which is most of the work for small batches. Several threads may
/// call a layer at once.
public struct InferenceConv2d {
    private let weight: Tensor
    private let bias: Tensor
    private let stride: Int
    private let padding: Int
    private let groups: Int
    /// The transforms of the weights; nil if they are not used.
    private let filters: Tensor?
    private let kernels: Kernels

    /// Takes weights `[outputs, inputs / groups, k, k]` and a bias `[outputs]`, which must not change later.
    public init(weight: Tensor, bias: Tensor, stride: Int = 1, padding: Int = 0, groups: Int = 1) throws(TorchError) {
        try self.init(
            weight: weight, bias: bias, stride: stride, padding: padding, groups: groups, kernels: .fastest)
    }

    init(
        weight: Tensor, bias: Tensor, stride: Int = 1, padding: Int = 0, groups: Int = 1, kernels: Kernels
    ) throws(TorchError) {
        self.weight = try weight.channelsLast()
        self.bias = bias
        self.stride = stride
        self.padding = padding
        self.groups = groups
        self.kernels = kernels
        var filters: ctorch_tensor?
        if stride == 1 && padding == 1 && groups == 1 {
            try check("conv2d_filters", ctorch_conv2d_filters(self.weight.handle, kernels.code, &filters))
        }
        self.filters = filters.map { Tensor($0) }
    }

    /// `[N, outputs, H', W']` of `[N, inputs, H, W]`, plus `shortcut` of the same shape, then the activation.
    public func callAsFunction(
        _ x: Tensor, adding shortcut: Tensor? = nil, then activation: Activation = .none
    ) throws(TorchError) -> Tensor {
        try make("conv2d") {
            ctorch_conv2d_inference(
                x.handle, weight.handle, filters?.handle, bias.handle, shortcut?.handle, activation.code,
                Int64(stride), Int64(padding), Int64(groups), kernels.code, $0)
        }
    }
}
