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
        /// Standard deviations of the random weights.
        public var deviations: (inputs: Double, output: Double, expand: Double, contract: Double)

        /// Takes all settings.
        public init(
            width: Int, heads: Int, hidden: Int, causal: Bool, activation: TransformerActivation,
            keys: TransformerKeys, eps: Double,
            deviations: (inputs: Double, output: Double, expand: Double, contract: Double)
        ) {
            self.width = width
            self.heads = heads
            self.hidden = hidden
            self.causal = causal
            self.activation = activation
            self.keys = keys
            self.eps = eps
            self.deviations = deviations
        }
    }

    private let norm1: LayerNorm
    private let attention: Attention
    private let norm2: LayerNorm
    private let mlp: TransformerMLP
    private let keys: TransformerKeys

    /// Makes a block with random weights; biases begin at 0.
    public init(_ settings: Settings, generator: Generator) throws(TorchError) {
        norm1 = try LayerNorm(settings.width, eps: settings.eps)
        attention = try Attention(
            width: settings.width, heads: settings.heads, causal: settings.causal, keys: settings.keys,
            deviations: (settings.deviations.inputs, settings.deviations.output), generator: generator)
        norm2 = try LayerNorm(settings.width, eps: settings.eps)
        mlp = try TransformerMLP(settings, generator: generator)
        keys = settings.keys
    }

    /// The layers by the names of `keys`.
    public var members: [(key: String, value: Any)] {
        switch keys {
        case .timm: [("norm1", norm1), ("attn", attention), ("norm2", norm2), ("mlp", mlp)]
        case .clip: [("attn", attention), ("ln_1", norm1), ("mlp", mlp), ("ln_2", norm2)]
        }
    }

    /// `[N, L, width]` for `[N, L, width]`.
    public func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let x = try x + attention(norm1(x))
        return try x + mlp(norm2(x))
    }
}

/// Two linear layers with a nonlinearity between.
final class TransformerMLP: Module {
    private let expand: Linear
    private let contract: Linear
    private let activation: TransformerActivation
    private let keys: TransformerKeys

    init(_ settings: TransformerBlock.Settings, generator: Generator) throws(TorchError) {
        expand = try Linear(
            settings.width, settings.hidden, deviation: settings.deviations.expand, generator: generator)
        contract = try Linear(
            settings.hidden, settings.width, deviation: settings.deviations.contract, generator: generator)
        activation = settings.activation
        keys = settings.keys
    }

    var members: [(key: String, value: Any)] {
        keys == .timm ? [("fc1", expand), ("fc2", contract)] : [("c_fc", expand), ("c_proj", contract)]
    }

    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor { try contract(activation(expand(x))) }
}
