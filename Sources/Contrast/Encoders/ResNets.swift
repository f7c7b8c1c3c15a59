import Torch
import Views

/// What ResNets can be set to.
private func validate(width: Int) throws(InvalidSetting) {
    try require("width", width, in: 1...4096)
}

/// ResNet-18: 8 width features, 512 at width 64.
public struct ResNet18: EncoderArchitecture {
    /// `resnet18`.
    public static let name = "resnet18"

    /// How the network begins.
    public var stem = Stem.imagenet
    /// Channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64

    /// The paper's width and ImageNet's stem.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) { try Contrast.validate(width: width) }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try ResNet(block: .basic, depths: [2, 2, 2, 2], stem: stem, width: width, generator: generator)
    }
}

/// ResNet-34: 8 width features, 512 at width 64.
public struct ResNet34: EncoderArchitecture {
    /// `resnet34`.
    public static let name = "resnet34"

    /// How the network begins.
    public var stem = Stem.imagenet
    /// Channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64

    /// The paper's width and ImageNet's stem.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) { try Contrast.validate(width: width) }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try ResNet(block: .basic, depths: [3, 4, 6, 3], stem: stem, width: width, generator: generator)
    }
}

/// ResNet-50: 32 width features, 2048 at width 64.
public struct ResNet50: EncoderArchitecture {
    /// `resnet50`.
    public static let name = "resnet50"

    /// How the network begins.
    public var stem = Stem.imagenet
    /// Channels of the first stage; 64 in the paper, less for small machines.
    public var width = 64

    /// The paper's width and ImageNet's stem.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) { try Contrast.validate(width: width) }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try ResNet(block: .bottleneck, depths: [3, 4, 6, 3], stem: stem, width: width, generator: generator)
    }
}
