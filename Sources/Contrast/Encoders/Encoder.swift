import Torch
import Views

/// A network from images to features, whose weights are a run's result.
public protocol Encoder: Module {
    /// Numbers of a feature.
    var dimension: Int { get }

    /// The features `[N, dimension]` of normalised images `[N, 3, H, W]`.
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - training: whether batch norm uses, and tracks, the batch's statistics.
    func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor
}

/// The settings from which an encoder is built.
public protocol EncoderArchitecture: Component {
    /// Builds the network with random weights, drawn from `generator` in a fixed order.
    func build(generator: Generator) throws(TorchError) -> any Encoder

    /// Checks the settings against the extent of a view.
    func validate(input: Size) throws(InvalidSetting)
}

extension EncoderArchitecture {
    /// Takes views of any extent.
    public func validate(input: Size) throws(InvalidSetting) {}
}

/// The encoders that a pipeline file can name.
public enum EncoderFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any EncoderArchitecture>(
        kind: "an encoder", [ResNet18.self, ResNet34.self, ResNet50.self, ConvNet.self, ViT.self])
}
