import Foundation
import Torch

/// The network of `ViT`.
///
/// Linear weights are initialized normal with Glorot's standard deviation `sqrt(2 / (inputs + outputs))`, separately
/// for queries, keys and values; Chen et al. 2021 found this more stable than 0.02 without labels. Learned positions
/// and the class token have 0.02.
final class VisionTransformer: Encoder {
    let dimension: Int
    let clsToken: Parameter?
    let regToken: Parameter?
    let posEmbed: Parameter
    let patchEmbed: PatchEmbedding
    let blocks: ModuleList<TransformerBlock>
    let norm: LayerNorm?
    let fcNorm: LayerNorm?
    let settings: ViT

    init(_ settings: ViT, generator: Generator) throws(TorchError) {
        let width = settings.width
        let hasToken = settings.hasToken
        func glorot(_ inputs: Int, _ outputs: Int) -> Double { (2 / Double(inputs + outputs)).squareRoot() }
        dimension = width
        self.settings = settings
        clsToken = hasToken ? try Parameter(generator.normal([1, 1, width], std: 0.02)) : nil
        regToken =
            settings.registers > 0
            ? try Parameter(generator.normal([1, settings.registers, width], std: 0.02)) : nil
        let shape = [1, settings.tokens + settings.extraPositions, width]
        switch settings.position {
        case .learned: posEmbed = try Parameter(generator.normal(shape, std: 0.02))
        case .sinCos:
            posEmbed = try Parameter(
                Tensor(
                    sinCosPositions(side: settings.side, width: width, hasToken: settings.extraPositions > 0),
                    shape: shape))
            try posEmbed.freeze()
        }
        patchEmbed = try PatchEmbedding(
            patch: settings.patch, width: width,
            std: glorot(3 * settings.patch * settings.patch, width), generator: generator)
        let block = TransformerBlock.Settings(
            width: width, heads: settings.heads, hidden: settings.hidden, causal: false, activation: .gelu,
            keys: .timm, eps: 1e-6, layerScale: settings.layerScale > 0 ? settings.layerScale : nil,
            stds: (
                inputs: glorot(width, width), output: glorot(width, width),
                expand: glorot(width, settings.hidden), contract: glorot(width, settings.hidden)
            ))
        var blocks: [TransformerBlock] = []
        for _ in 0..<settings.depth { blocks.append(try TransformerBlock(block, generator: generator)) }
        self.blocks = ModuleList(blocks)
        norm = hasToken ? try LayerNorm(width, eps: 1e-6) : nil
        fcNorm = hasToken ? nil : try LayerNorm(width, eps: 1e-6)
    }

    func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        let shape = images.shape
        guard shape.count == 4, shape[2] == settings.imageSize, shape[3] == settings.imageSize else {
            throw TorchError(
                operation: "vit",
                message: "images are \(shape), the network is for a side of \(settings.imageSize)")
        }
        var x = try patchEmbed(images)
        if settings.extraPositions == 0 { x = try x + posEmbed.value }
        var extra: [Tensor] = []
        for token in [clsToken, regToken].compactMap({ $0 }) {
            // One for each image; the sum passes the gradient to the parameter.
            let zeros = try Tensor.zeros([shape[0], token.value.shape[1], dimension], device: x.device)
            extra.append(try zeros + token.value)
        }
        if !extra.isEmpty { x = try Tensor.cat(extra + [x], dim: 1) }
        if settings.extraPositions > 0 { x = try x + posEmbed.value }
        let norm = norm ?? fcNorm
        let drop = try norm.flatMap { norm throws(TorchError) in
            try DropPath(
                images: images, weights: norm.weight.value, rate: settings.dropPath, branches: settings.depth,
                training: training)
        }
        for (index, block) in blocks.modules.enumerated() { x = try block(x, block: index, drop: drop) }
        let features =
            settings.hasToken
            ? try x.narrow(dim: 1, start: 0, length: 1).squeeze(1)
            : try x.narrow(dim: 1, start: settings.extraTokens, length: settings.tokens).mean(dim: 1)
        return try norm?(features) ?? features
    }
}

/// Patches to tokens, by a convolution whose stride is its kernel size.
final class PatchEmbedding: Module {
    let proj: Conv2d
    let patch: Int

    init(patch: Int, width: Int, std: Double, generator: Generator) throws(TorchError) {
        self.patch = patch
        proj = try Conv2d(
            3, width, kernel: patch, stride: patch, bias: true, std: std, generator: generator)
    }

    /// `[N, tokens, width]`, row by row.
    func callAsFunction(_ images: Tensor) throws(TorchError) -> Tensor {
        let x = try proj(images)
        return try x.reshape([x.shape[0], x.shape[1], -1]).transpose(1, 2)
    }
}

/// Fixed position embeddings of patches, row by row: `[sin(c w), cos(c w), sin(r w), cos(r w)]` with column c, row r
/// and the frequencies `w_k = 10000^(-k / (width / 4))`; zeros for a class token before them.
func sinCosPositions(side: Int, width: Int, hasToken: Bool) -> [Float] {
    let frequencies = (0..<width / 4).map { pow(10_000, -Double($0) / Double(width / 4)) }
    var values: [Float] = hasToken ? Array(repeating: 0, count: width) : []
    values.reserveCapacity(side * side * width + values.count)
    for row in 0..<side {
        for column in 0..<side {
            for coordinate in [column, row] {
                values += frequencies.map { Float(sin(Double(coordinate) * $0)) }
                values += frequencies.map { Float(cos(Double(coordinate) * $0)) }
            }
        }
    }
    return values
}
