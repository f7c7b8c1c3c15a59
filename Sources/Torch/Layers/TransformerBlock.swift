/// The nonlinearity of a transformer's MLP.
public enum TransformerActivation: Sendable {
    /// `x Phi(x)`.
    case gelu
    /// `x / (1 + e^{-1.702 x})`, which the published CLIP weights were trained with.
    case quickGELU

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        switch self {
        case .gelu: try x.gelu()
        case .quickGELU: try x * (x * 1.702).sigmoid()
        }
    }
}

/// A transformer block with the norms first: `x + attention(norm(x))`, then `x + mlp(norm(x))`.
public final class TransformerBlock: Module {
    /// The settings of a block.
    public struct Settings: Sendable {
        /// The dimensions of a token.
        public var width: Int
        /// The number of attention heads, a divisor of `width`.
        public var heads: Int
        /// The dimensions of the MLP's hidden layer.
        public var hidden: Int
        /// Whether a position attends only to itself and earlier positions.
        public var causal: Bool
        /// The nonlinearity of the MLP.
        public var activation: TransformerActivation
        /// The names of the layers.
        public var keys: TransformerKeys
        /// Epsilon of the norms.
        public var eps: Double
        /// What the learned factors of each dimension of a branch begin with; nil for none. Touvron et al. 2021, arXiv
        /// 2103.17239.
        public var layerScale: Double?
        /// Standard deviations of the random weights.
        public var stds: (inputs: Double, output: Double, expand: Double, contract: Double)

        /// Takes all settings.
        public init(
            width: Int, heads: Int, hidden: Int, causal: Bool, activation: TransformerActivation,
            keys: TransformerKeys, eps: Double, layerScale: Double? = nil,
            stds: (inputs: Double, output: Double, expand: Double, contract: Double)
        ) {
            self.width = width
            self.heads = heads
            self.hidden = hidden
            self.causal = causal
            self.activation = activation
            self.keys = keys
            self.eps = eps
            self.layerScale = layerScale
            self.stds = stds
        }
    }

    private let norm1: LayerNorm
    private let attention: Attention
    private let scale1: LayerScale?
    private let norm2: LayerNorm
    private let mlp: TransformerMLP
    private let scale2: LayerScale?
    private let keys: TransformerKeys

    /// Makes a block with random weights; biases begin at 0.
    public init(_ settings: Settings, generator: Generator) throws(TorchError) {
        norm1 = try LayerNorm(settings.width, eps: settings.eps)
        attention = try Attention(
            width: settings.width, heads: settings.heads, causal: settings.causal, keys: settings.keys,
            stds: (settings.stds.inputs, settings.stds.output), generator: generator)
        norm2 = try LayerNorm(settings.width, eps: settings.eps)
        mlp = try TransformerMLP(settings, generator: generator)
        keys = settings.keys
        scale1 = try settings.layerScale.map { value throws(TorchError) in try LayerScale(settings.width, value) }
        scale2 = try settings.layerScale.map { value throws(TorchError) in try LayerScale(settings.width, value) }
    }

    /// The layers by the names of `keys`.
    public var members: [(key: String, value: Any)] {
        switch keys {
        case .timm:
            [
                ("norm1", norm1), ("attn", attention), ("ls1", scale1 as Any), ("norm2", norm2), ("mlp", mlp),
                ("ls2", scale2 as Any),
            ]
        case .clip: [("attn", attention), ("ln_1", norm1), ("mlp", mlp), ("ln_2", norm2)]
        }
    }

    /// `[N, L, width]` for `[N, L, width]`.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        try callAsFunction(x, block: 0, drop: nil)
    }

    /// The same as block `block` of a network, whose branches may be dropped.
    public func callAsFunction(_ x: Tensor, block: Int, drop: DropPath?) throws(TorchError) -> Tensor {
        var branch = try attention(norm1(x))
        if let scale1 { branch = try scale1(branch) }
        if let drop { branch = try drop(branch, block: block, part: 0) }
        let x = try x + branch
        branch = try mlp(norm2(x))
        if let scale2 { branch = try scale2(branch) }
        if let drop { branch = try drop(branch, block: block, part: 1) }
        return try x + branch
    }
}

/// A learned factor for each dimension of a branch.
final class LayerScale: Module {
    let gamma: Parameter

    init(_ width: Int, _ value: Double) throws(TorchError) { gamma = try Parameter(.full([width], value)) }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try x * gamma.value }
}

/// Two linear layers with a nonlinearity between.
final class TransformerMLP: Module {
    private let expand: Linear
    private let contract: Linear
    private let activation: TransformerActivation
    private let keys: TransformerKeys

    init(_ settings: TransformerBlock.Settings, generator: Generator) throws(TorchError) {
        expand = try Linear(
            settings.width, settings.hidden, std: settings.stds.expand, generator: generator)
        contract = try Linear(
            settings.hidden, settings.width, std: settings.stds.contract, generator: generator)
        activation = settings.activation
        keys = settings.keys
    }

    var members: [(key: String, value: Any)] {
        keys == .timm ? [("fc1", expand), ("fc2", contract)] : [("c_fc", expand), ("c_proj", contract)]
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try contract(activation(expand(x))) }
}
