import Torch
import Views

/// A vision transformer: Dosovitskiy et al. 2021, arXiv 2010.11929. Squares of `patch` pixels become tokens, which pass through
/// blocks of attention and MLP with the norms in front.
///
/// State keys are timm's (`patch_embed.proj.weight`, `cls_token`, `pos_embed`, `blocks.0.attn.qkv.weight`, `norm.weight`), so
/// that weights go both ways where the shapes agree: to `VisionTransformer(num_classes=0)` with `pool: class_token`, and with
/// `class_token=False, global_pool="avg"` beside, whose last norm is `fc_norm`, with `pool: mean`. torchvision's ViTs have other
/// keys. There is no dropout.
public struct ViT: EncoderArchitecture {
    /// Where features come from.
    public enum Pool: String, Codable, Sendable, CaseIterable {
        /// From a token of its own that is put before the patches'.
        case classToken = "class_token"
        /// From the mean over the patches; there is no other token.
        case mean
    }

    /// How a token knows where its patch lies.
    public enum Position: String, Codable, Sendable, CaseIterable {
        /// By numbers that are learnt.
        case learned
        /// By sines and cosines of row and column, fixed: Chen et al. 2021, arXiv 2104.02057, section 4.2.
        case sinCos = "sin_cos"
    }

    /// `vit`.
    public static let name = "vit"

    /// The side of an image in pixels, a multiple of `patch`; all views have it.
    public var imageSize = 224
    /// The side of a patch in pixels.
    public var patch = 16
    /// Numbers of a token and of a feature.
    public var width = 192
    /// Blocks.
    public var depth = 12
    /// Heads of each attention, a divisor of `width`.
    public var heads = 3
    /// Numbers of an MLP's hidden layer over `width`.
    public var mlpRatio = 4.0
    /// Where features come from.
    public var pool = Pool.classToken
    /// How a token knows its place.
    public var position = Position.learned

    /// ViT-Ti/16 at 224 pixels.
    public init() {}

    /// Checks the ranges, and that patches and heads divide what they are parts of.
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
    }

    /// Checks that an image has the side that the tokens are for.
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
    var hidden: Int { Int((Double(width) * mlpRatio).rounded()) }
}
