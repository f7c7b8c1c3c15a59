import Torch
import Views

/// ConvNeXt-T: 8 width features, 768 at width 96.
public struct ConvNeXtTiny: ConvNeXtSettings {
    /// `convnext_tiny`.
    public static let name = "convnext_tiny"
    static let depths = [3, 3, 9, 3]

    /// The channels of the first stage; 96 in the paper, less for small machines.
    public var width = 96
    /// What the learned factors of each branch begin with.
    public var layerScale = 1e-6
    /// The probability that the branch of the last block is dropped for an image in training; it grows from 0.
    public var dropPath = 0.0
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones where nil.
    public var weights: String?

    /// The paper's width, without drop-path.
    public init() {}
}

/// ConvNeXt-S: 8 width features, 768 at width 96.
public struct ConvNeXtSmall: ConvNeXtSettings {
    /// `convnext_small`.
    public static let name = "convnext_small"
    static let depths = [3, 3, 27, 3]

    /// The channels of the first stage; 96 in the paper, less for small machines.
    public var width = 96
    /// What the learned factors of each branch begin with.
    public var layerScale = 1e-6
    /// The probability that the branch of the last block is dropped for an image in training; it grows from 0.
    public var dropPath = 0.0
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones where nil.
    public var weights: String?

    /// The paper's width, without drop-path.
    public init() {}
}

/// The settings of a ConvNeXt: Liu et al. 2022, arXiv 2201.03545. State keys are torchvision's, with the norm of the
/// pooled features, `classifier.0`, and without the classifier itself.
protocol ConvNeXtSettings: EncoderSettings {
    /// The number of blocks of each stage.
    static var depths: [Int] { get }
    /// The channels of the first stage.
    var width: Int { get }
    /// What the learned factors of each branch begin with.
    var layerScale: Double { get }
    /// The probability that the last branch is dropped.
    var dropPath: Double { get }
}

extension ConvNeXtSettings {
    /// After torchvision's norm and flattening.
    public var classifierKey: String { "classifier.2" }

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("width", width, in: 1...4096)
        try require("layer_scale", layerScale, in: 0...10)
        try require("drop_path", dropPath, in: 0...0.9)
    }

    /// Checks that a view is not smaller than one position of the last stage.
    public func validate(input: Size) throws(InvalidSetting) {
        guard min(input.width, input.height) >= 32 else {
            throw InvalidSetting("", "needs views of at least 32 pixels, but there are views of \(input)")
        }
    }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try ConvNeXt(
            ConvNeXtTopology(depths: Self.depths, width: width), layerScale: layerScale, dropPath: dropPath,
            generator: generator)
    }
}
