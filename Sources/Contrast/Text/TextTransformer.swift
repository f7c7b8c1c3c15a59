import Torch
import Views

/// The text tower of CLIP, a causal transformer: Radford et al. 2021, arXiv 2103.00020, section 2.4.
public struct TextTransformer: Component {
    /// `text`.
    public static let name = "text"

    /// The largest number of tokens of a text, including start and end.
    public var context = 77
    /// The dimension of a token.
    public var width = 512
    /// The number of blocks.
    public var depth = 12
    /// The number of attention heads, a divisor of `width`.
    public var heads = 8
    /// The dimension of an MLP's hidden layer over `width`.
    public var mlpRatio = 4.0
    /// Whether the activation is `x / (1 + e^{-1.702 x})`, as for the published weights, instead of the exact GELU.
    public var quickGelu = true

    /// The paper's settings: 63 million parameters with its vocabulary.
    public init() {}

    /// Checks the ranges, and that heads divide the width.
    public func validate() throws(InvalidSetting) {
        guard (3...8192).contains(context) else {
            throw InvalidSetting(
                "context", "must be in 3...8192, as a text has at least a start, a token and an end, is \(context)")
        }
        try require("width", width, in: 1...16_384)
        try require("depth", depth, in: 1...256)
        try require("heads", heads, in: 1...1024)
        guard width % heads == 0 else {
            throw InvalidSetting("heads", "must be a divisor of width, \(width), is \(heads)")
        }
        guard mlpRatio > 0, mlpRatio <= 64, hidden >= 1 else {
            throw InvalidSetting("mlp_ratio", "must be positive and at most 64, is \(mlpRatio)")
        }
    }

    var hidden: Int { Int((Double(width) * mlpRatio).rounded()) }
}

/// The network of `TextTransformer`, under CLIP's keys and with its initialisation; biases begin at 0.
final class TextTower: Module {
    let tokenEmbedding: Embedding
    let positionalEmbedding: Parameter
    let transformer: ResidualBlocks
    let lnFinal: LayerNorm
    let textProjection: Parameter

    /// Blocks under the name that CLIP gives them.
    final class ResidualBlocks: Module {
        let resblocks: ModuleList<TransformerBlock>

        init(_ blocks: [TransformerBlock]) { resblocks = ModuleList(blocks) }
    }

    /// - Parameters:
    ///   - tokens: the number of tokens.
    ///   - output: the dimension of an embedding.
    init(_ settings: TextTransformer, tokens: Int, output: Int, generator: Generator) throws(TorchError) {
        let width = Double(settings.width)
        tokenEmbedding = try Embedding(tokens, settings.width, std: 0.02, generator: generator)
        positionalEmbedding = try Parameter(
            generator.normal([settings.context, settings.width], std: 0.01))
        // A smaller standard deviation, as the sum over the blocks would otherwise grow with their number.
        let narrow = (width * 2 * Double(settings.depth)).squareRoot()
        let block = TransformerBlock.Settings(
            width: settings.width, heads: settings.heads, hidden: settings.hidden, causal: true,
            activation: settings.quickGelu ? .quickGELU : .gelu, keys: .clip, eps: 1e-5,
            stds: (
                inputs: 1 / width.squareRoot(), output: 1 / narrow, expand: 1 / (2 * width).squareRoot(),
                contract: 1 / narrow
            ))
        var blocks: [TransformerBlock] = []
        for _ in 0..<settings.depth { blocks.append(try TransformerBlock(block, generator: generator)) }
        transformer = ResidualBlocks(blocks)
        lnFinal = try LayerNorm(settings.width)
        textProjection = try Parameter(
            generator.normal([settings.width, output], std: 1 / width.squareRoot()))
    }

    /// Embeddings `[N, output]` of tokens `[N, L]`: the projected output at the end token, which has the largest index.
    ///
    /// Tokens after the end have no effect, as attention is causal.
    func callAsFunction(_ tokens: Tensor) throws(TorchError) -> Tensor {
        let (rows, length) = (tokens.shape[0], tokens.shape[1])
        var x = try tokenEmbedding(tokens) + positionalEmbedding.value.narrow(dim: 0, start: 0, length: length)
        for block in transformer.resblocks.modules { x = try block(x) }
        // All in int64, as float32 does not represent indices above 2^24 exactly.
        let stride = try Tensor.full([], Double(length), dtype: .int64, device: tokens.device)
        let indices = try tokens.argmax(dim: 1) + Tensor.arange(rows, device: tokens.device) * stride
        let ends = try x.reshape([rows * length, x.shape[2]]).indexSelect(dim: 0, index: indices)
        return try lnFinal(ends).matmul(textProjection.value)
    }
}
