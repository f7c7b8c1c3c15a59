import Torch
import Views

// The residual networks of He et al. 2015 (arXiv 1512.03385), with torchvision's state keys, without `fc`.

/// ResNet-18: 8 width features, 512 at width 64.
public struct ResNet18: ResNetSettings {
    /// `resnet18`.
    public static let name = "resnet18"
    static let blocks: (ResNetBlock, depths: [Int]) = (.basic, [2, 2, 2, 2])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones if nil.
    public var weights: String?

    /// The paper's width and ImageNet's stem.
    public init() {}
}

/// ResNet-34: 8 width features, 512 at width 64.
public struct ResNet34: ResNetSettings {
    /// `resnet34`.
    public static let name = "resnet34"
    static let blocks: (ResNetBlock, depths: [Int]) = (.basic, [3, 4, 6, 3])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones if nil.
    public var weights: String?

    /// The paper's width and ImageNet's stem.
    public init() {}
}

/// ResNet-50: 32 width features, 2048 at width 64.
public struct ResNet50: ResNetSettings {
    /// `resnet50`.
    public static let name = "resnet50"
    static let blocks: (ResNetBlock, depths: [Int]) = (.bottleneck(widening: 1), [3, 4, 6, 3])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones if nil.
    public var weights: String?

    /// The paper's width and ImageNet's stem.
    public init() {}
}

/// ResNet-101: 32 width features, 2048 at width 64.
public struct ResNet101: ResNetSettings {
    /// `resnet101`.
    public static let name = "resnet101"
    static let blocks: (ResNetBlock, depths: [Int]) = (.bottleneck(widening: 1), [3, 4, 23, 3])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones if nil.
    public var weights: String?

    /// The paper's width and ImageNet's stem.
    public init() {}
}

/// Wide ResNet-50-2: Zagoruyko & Komodakis 2016, arXiv 1605.07146. A ResNet-50 whose 3x3 convolutions have twice the
/// channels; 32 width features, 2048 at width 64.
public struct WideResNet50: ResNetSettings {
    /// `wide_resnet50_2`.
    public static let name = "wide_resnet50_2"
    static let blocks: (ResNetBlock, depths: [Int]) = (.bottleneck(widening: 2), [3, 4, 6, 3])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage, as in a ResNet-50; 64 in torchvision, less for small machines.
    public var width = 64
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones if nil.
    public var weights: String?

    /// torchvision's width and ImageNet's stem.
    public init() {}
}

/// The settings of a ResNet.
protocol ResNetSettings: EncoderSettings {
    /// The kind of block, and the number of blocks of each stage.
    static var blocks: (ResNetBlock, depths: [Int]) { get }
    /// The first layers.
    var stem: Stem { get }
    /// The channels of the first stage.
    var width: Int { get }
}

extension ResNetSettings {
    /// Checks that the width is in 1...4096.
    public func validate() throws(InvalidSetting) { try require("width", width, in: 1...4096) }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try ConvolutionNetwork(
            .resNet(Self.blocks.0, depths: Self.blocks.depths, stem: stem, width: width), generator: generator)
    }
}
