import Torch
import Views

/// ViT-Ti: width 192, 3 heads. 5.5 M weights with patches of 16 pixels.
public typealias ViTTiny = ViTPreset<ViTShapes.Tiny>
/// ViT-S: width 384, 6 heads. 22 M weights with patches of 16 pixels.
public typealias ViTSmall = ViTPreset<ViTShapes.Small>
/// ViT-B: width 768, 12 heads. 86 M weights with patches of 16 pixels.
public typealias ViTBase = ViTPreset<ViTShapes.Base>

/// Width and heads of a vision transformer of 12 blocks.
public protocol ViTShape: Sendable {
    /// The encoder's name.
    static var name: String { get }
    /// The dimension of a token and of the features.
    static var width: Int { get }
}

/// The shapes of Touvron et al. 2021, arXiv 2012.12877, and Dosovitskiy et al. 2021.
public enum ViTShapes {
    /// ViT-Ti.
    public enum Tiny: ViTShape {
        /// `vit_tiny`.
        public static let name = "vit_tiny"
        /// The dimension of a token.
        public static let width = 192
    }
    /// ViT-S.
    public enum Small: ViTShape {
        /// `vit_small`.
        public static let name = "vit_small"
        /// The dimension of a token.
        public static let width = 384
    }
    /// ViT-B.
    public enum Base: ViTShape {
        /// `vit_base`.
        public static let name = "vit_base"
        /// The dimension of a token.
        public static let width = 768
    }
}

/// A `ViT` of a known shape: 12 blocks, heads of 64 dimensions, MLPs four times as wide.
///
/// `patch: 14`, `layer_scale: 1.0e-5` and, in some releases, `registers: 4` are DINOv2's.
public struct ViTPreset<Shape: ViTShape>: EncoderSettings {
    /// The shape's name.
    public static var name: String { Shape.name }

    /// As in `ViT`.
    public var imageSize = 224
    /// As in `ViT`.
    public var patch = 16
    /// As in `ViT`.
    public var pool = ViT.Pool.classToken
    /// As in `ViT`.
    public var position = ViT.Position.learned
    /// As in `ViT`.
    public var registers = 0
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones where nil.
    public var weights: String?
    /// As in `ViT`.
    public var layerScale = 0.0
    /// As in `ViT`.
    public var dropPath = 0.0

    /// Patches of 16 pixels at 224.
    public init() {}

    /// The equivalent `ViT`.
    public var vit: ViT {
        var vit = ViT()
        (vit.imageSize, vit.patch, vit.pool, vit.position) = (imageSize, patch, pool, position)
        (vit.registers, vit.layerScale, vit.dropPath) = (registers, layerScale, dropPath)
        (vit.width, vit.depth, vit.heads) = (Shape.width, 12, Shape.width / 64)
        return vit
    }

    /// As `ViT` does.
    public var classifierKey: String { vit.classifierKey }

    /// As `ViT` does.
    public func validate() throws(InvalidSetting) { try vit.validate() }

    /// As `ViT` does.
    public func validate(input: Size) throws(InvalidSetting) { try vit.validate(input: input) }

    /// As `ViT` does.
    public func build(generator: Generator) throws(TorchError) -> any Encoder { try vit.build(generator: generator) }
}
