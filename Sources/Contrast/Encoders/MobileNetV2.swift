import Torch
import Views

/// MobileNetV2: Sandler et al. 2018, arXiv 1801.04381. Inverted residual blocks of 1x1 and depthwise 3x3 convolutions;
/// 1280 features, more where `width_mult` is above 1. State keys are torchvision's, without `classifier`.
public struct MobileNetV2: EncoderSettings {
    /// `mobilenet_v2`.
    public static let name = "mobilenet_v2"

    /// The first layers.
    public var stem = Stem.imagenet
    /// What the paper's channels are multiplied by; results are rounded to multiples of 8, as torchvision does.
    public var widthMult = 1.0
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones where nil.
    public var weights: String?

    /// The paper's channels and ImageNet's stem.
    public init() {}

    /// After torchvision's dropout.
    public var classifierKey: String { "classifier.1" }

    /// Checks that the multiplier is in 0.05...8.
    public func validate() throws(InvalidSetting) { try require("width_mult", widthMult, in: 0.05...8) }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try ConvolutionNetwork(.mobileNetV2(stem: stem, multiplier: widthMult), generator: generator)
    }
}

extension ConvolutionTopology {
    /// The paper's table 2: expansion, channels, number of blocks and stride of the first of them.
    private static let mobileNetV2Stages = [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]

    static func mobileNetV2(stem: Stem, multiplier: Double) -> ConvolutionTopology {
        var inputs = roundedChannels(32 * multiplier)
        let first = Layer(
            convolution: "features.0.0", norm: "features.0.1", inputs: 3, outputs: inputs, kernel: 3,
            stride: stem == .imagenet ? 2 : 1, activation: .relu6)
        var units: [Unit] = []
        for (stage, (expansion, channels, count, stride)) in mobileNetV2Stages.enumerated() {
            let outputs = roundedChannels(Double(channels) * multiplier)
            for block in 0..<count {
                let halves = block == 0 && stride == 2 && !(stem == .small && stage == 1)
                units.append(
                    invertedResidual(
                        "features.\(units.count + 1).conv", inputs: inputs, outputs: outputs, expansion: expansion,
                        stride: halves ? 2 : 1))
                inputs = outputs
            }
        }
        let key = "features.\(units.count + 1)"
        let last = Layer(
            convolution: "\(key).0", norm: "\(key).1", inputs: inputs,
            outputs: roundedChannels(1280 * max(1, multiplier)), kernel: 1, activation: .relu6)
        return ConvolutionTopology(stem: first, units: units + [Unit(layers: [last])])
    }

    /// Expansion by a 1x1 convolution, a depthwise 3x3 one, and a 1x1 one without an activation.
    private static func invertedResidual(
        _ key: String, inputs: Int, outputs: Int, expansion: Int, stride: Int
    ) -> Unit {
        let hidden = inputs * expansion
        var layers: [Layer] = []
        if expansion != 1 {
            layers.append(
                Layer(
                    convolution: "\(key).0.0", norm: "\(key).0.1", inputs: inputs, outputs: hidden, kernel: 1,
                    activation: .relu6))
        }
        let depthwise = layers.count
        layers.append(
            Layer(
                convolution: "\(key).\(depthwise).0", norm: "\(key).\(depthwise).1", inputs: hidden, outputs: hidden,
                kernel: 3, stride: stride, groups: hidden, activation: .relu6))
        layers.append(
            Layer(
                convolution: "\(key).\(depthwise + 1)", norm: "\(key).\(depthwise + 2)", inputs: hidden,
                outputs: outputs, kernel: 1))
        return Unit(layers: layers, shortcut: stride == 1 && inputs == outputs ? .input : .none)
    }

    /// The nearest multiple of 8 that is at least 8 and at least 9/10 of a number of channels; halves go up.
    static func roundedChannels(_ channels: Double) -> Int {
        let nearest = max(8, Int(channels + 4) / 8 * 8)
        return Double(nearest) < 0.9 * channels ? nearest + 8 : nearest
    }
}
