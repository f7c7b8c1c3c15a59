import Torch
import Views

/// A small plain network for small machines: four 3x3 convolutions with batch norm and ReLU, max pooling by 2 after
/// each but the last, and twice the channels in each; 8 width features after global average pooling.
public struct ConvNet: EncoderSettings {
    /// `convnet`.
    public static let name = "convnet"

    /// The channels of the first layer.
    public var width = 32
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones if nil.
    public var weights: String?

    /// 32 channels.
    public init() {}

    /// Checks that the width is in 1...4096.
    public func validate() throws(InvalidSetting) { try require("width", width, in: 1...4096) }

    /// Builds the network with random weights.
    public func build(generator: Generator) throws(TorchError) -> any Encoder {
        try ConvNetEncoder(width: width, generator: generator)
    }
}

/// The network of `ConvNet`.
final class ConvNetEncoder: Encoder {
    let dimension: Int
    let convolutions: ModuleList<Conv2d>
    let norms: ModuleList<BatchNorm>

    init(width: Int, generator: Generator) throws(TorchError) {
        var convolutions: [Conv2d] = []
        var norms: [BatchNorm] = []
        var channels = 3
        for layer in 0..<4 {
            convolutions.append(
                try Conv2d(channels, width << layer, kernel: 3, padding: 1, generator: generator))
            norms.append(try BatchNorm(width << layer))
            channels = width << layer
        }
        self.convolutions = ModuleList(convolutions)
        self.norms = ModuleList(norms)
        dimension = channels
    }

    func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        var x = images
        for (layer, (convolution, norm)) in zip(convolutions.modules, norms.modules).enumerated() {
            x = try norm(convolution(x), training: training, then: .relu)
            // Images below 8 pixels cannot be halved three times.
            if layer < 3, x.shape[2] > 1, x.shape[3] > 1 { x = try x.maxPool2d(kernel: 2, stride: 2) }
        }
        return try x.mean(dims: [2, 3])
    }
}
