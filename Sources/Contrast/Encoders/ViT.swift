import Torch
import Views

/// A vision transformer: Dosovitskiy et al. 2021, arXiv 2010.11929. Patches of `patch` by `patch` pixels become tokens
/// for pre-norm blocks of attention and MLP. There is no dropout.
///
/// State keys are timm's (`patch_embed.proj.weight`, `cls_token`, `pos_embed`, `blocks.0.attn.qkv.weight`,
/// `norm.weight`), so weights of equal shape load in both directions: `pool: class_token` matches
/// `VisionTransformer(num_classes=0)`, and `pool: mean` matches it with `class_token=False, global_pool="avg"`, whose
/// last norm is `fc_norm`; registers match `reg_tokens` with `no_embed_class=True`. torchvision's ViTs have other keys.
public struct ViT: EncoderSettings {
    /// The source of the features.
    public enum Pool: String, Codable, Sendable, CaseIterable {
        /// An extra token before those of the patches.
        case classToken = "class_token"
        /// The mean over the patches; there is no other token.
        case mean
    }

    /// The position embedding.
    public enum Position: String, Codable, Sendable, CaseIterable {
        /// Learned.
        case learned
        /// Fixed sines and cosines of row and column: Chen et al. 2021, arXiv 2104.02057, section 4.2.
        case sinCos = "sin_cos"
    }

    /// `vit`.
    public static let name = "vit"

    /// The side of every view in pixels, a multiple of `patch`.
    public var imageSize = 224
    /// The side of a patch in pixels.
    public var patch = 16
    /// The dimension of a token and of the features.
    public var width = 192
    /// The number of blocks.
    public var depth = 12
    /// The number of attention heads, a divisor of `width`.
    public var heads = 3
    /// The hidden dimension of an MLP over `width`.
    public var mlpRatio = 4.0
    /// The source of the features.
    public var pool = Pool.classToken
    /// The position embedding.
    public var position = Position.learned
    /// Extra tokens that are not part of the features: Darcet et al. 2024, arXiv 2309.16588. With them only patches
    /// have positions.
    public var registers = 0
    /// What the learned factors of each branch begin with; 0 for no factors. DINOv2 has 1e-5.
    public var layerScale = 0.0
    /// The probability that the branches of the last block are dropped for an image in training; it grows from 0.
    public var dropPath = 0.0
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones where nil.
    public var weights: String?

    /// ViT-Ti/16 at 224 pixels.
    public init() {}

    /// Checks the ranges, and that `patch` divides the side and `heads` the width.
    public func validate() throws(InvalidSetting) {
        try require("patch", patch, in: 1...1024)
        try require("image_size", imageSize, in: 1...8192)
        guard imageSize % patch == 0 else {
            throw InvalidSetting("image_size", "must be a multiple of patch, \(patch), is \(imageSize)")
        }
        guard tokens <= 16_384 else {
            throw InvalidSetting("patch", "cuts an image into \(tokens) patches, more than 16384")
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
        guard position == .learned || width % 4 == 0 else {
            throw InvalidSetting("width", "must be a multiple of 4 for position: sin_cos, is \(width)")
        }
        try require("registers", registers, in: 0...64)
        try require("layer_scale", layerScale, in: 0...10)
        try require("drop_path", dropPath, in: 0...0.9)
    }

    /// timm's.
    public var classifierKey: String { "head" }

    /// Checks that views have the side that the position embedding is for.
    public func validate(input: Size) throws(InvalidSetting) {
        guard input == Size(square: imageSize) else {
            throw InvalidSetting("image_size", "is \(imageSize), but there are views of \(input)")
        }
    }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try VisionTransformer(self, generator: generator)
    }

    var side: Int { imageSize / patch }
    var tokens: Int { side * side }
    var hasToken: Bool { pool == .classToken }
    /// The positions before those of the patches.
    var extraPositions: Int { hasToken && registers == 0 ? 1 : 0 }
    /// The tokens before those of the patches.
    var extraTokens: Int { registers + (hasToken ? 1 : 0) }
    var hidden: Int { Int((Double(width) * mlpRatio).rounded()) }
}
