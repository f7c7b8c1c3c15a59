import Torch
import Views

/// ResNet-18: 8 width features, 512 at width 64.
public struct ResNet18: ResNetSettings {
    /// `resnet18`.
    public static let name = "resnet18"
    static let blocks: (ResNetTopology.Block, depths: [Int]) = (.basic, [2, 2, 2, 2])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64

    /// The paper's width and ImageNet's stem.
    public init() {}
}

/// ResNet-34: 8 width features, 512 at width 64.
public struct ResNet34: ResNetSettings {
    /// `resnet34`.
    public static let name = "resnet34"
    static let blocks: (ResNetTopology.Block, depths: [Int]) = (.basic, [3, 4, 6, 3])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64

    /// The paper's width and ImageNet's stem.
    public init() {}
}

/// ResNet-50: 32 width features, 2048 at width 64.
public struct ResNet50: ResNetSettings {
    /// `resnet50`.
    public static let name = "resnet50"
    static let blocks: (ResNetTopology.Block, depths: [Int]) = (.bottleneck, [3, 4, 6, 3])

    /// The first layers.
    public var stem = Stem.imagenet
    /// The channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64

    /// The paper's width and ImageNet's stem.
    public init() {}
}

/// The settings of a ResNet.
protocol ResNetSettings: EncoderSettings {
    /// The kind of block, and the number of blocks of each stage.
    static var blocks: (ResNetTopology.Block, depths: [Int]) { get }
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
        let topology = ResNetTopology(Self.blocks.0, depths: Self.blocks.depths, stem: stem, width: width)
        return try ResNet(topology, generator: generator)
    }
}
