import CTorch

/// The names of a transformer's layers in state dicts.
public enum TransformerKeys: Sendable {
    /// As timm's ViT: `norm1`, `attn.qkv`, `attn.proj`, `norm2`, `mlp.fc1`, `mlp.fc2`.
    case timm
    /// As CLIP's text tower: `ln_1`, `attn.in_proj_weight`, `attn.out_proj`, `ln_2`, `mlp.c_fc`, `mlp.c_proj`.
    case clip
}

/// Self-attention with several heads: Vaswani et al. 2017, arXiv 1706.03762, `softmax(q k^T / sqrt(d)) v` in each head.
public final class Attention: Module {
    private let inputs: Linear
    private let output: Linear
    private let heads: Int
    private let isCausal: Bool
    private let keys: TransformerKeys

    /// Makes a layer with random weights, normal with these standard deviations; biases begin at 0.
    ///
    /// `heads` divides `width`. With `causal`, a position sees only itself and earlier positions.
    public init(
        width: Int, heads: Int, causal: Bool, keys: TransformerKeys, stds: (inputs: Double, output: Double),
        generator: Generator
    ) throws(TorchError) {
        inputs = try Linear(width, 3 * width, std: stds.inputs, generator: generator)
        output = try Linear(width, width, std: stds.output, generator: generator)
        self.heads = heads
        self.keys = keys
        isCausal = causal
    }

    /// The layers by the names of `keys`.
    public var members: [(key: String, value: Any)] {
        switch keys {
        case .timm: [("qkv", inputs), ("proj", output)]
        case .clip:
            [("in_proj_weight", inputs.weight), ("in_proj_bias", inputs.bias as Any), ("out_proj", output)]
        }
    }

    /// `[N, L, width]` for `[N, L, width]`.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let sides = try inputs(x)
        return try output(make("attention") { ctorch_attention(sides.handle, Int64(heads), isCausal, $0) })
    }
}
