import Torch
import Views

/// A network from images to features, whose weights are a run's result.
public protocol Encoder: Module {
    /// The dimension of the features.
    var dimension: Int { get }

    /// The features `[N, dimension]` of normalized images `[N, 3, H, W]`.
    /// - Parameters:
    ///   - images: `[N, 3, H, W]`.
    ///   - training: whether batch norm uses, and tracks, the batch's statistics.
    func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor

    /// The fastest function from images to features on the CPU, with the present weights.
    func forInference() throws(TorchError) -> (Tensor) throws(TorchError) -> Tensor
}

extension Encoder {
    /// The network itself.
    public func forInference() throws(TorchError) -> (Tensor) throws(TorchError) -> Tensor {
        { images throws(TorchError) in try self(images, training: false) }
    }
}

extension Encoder {
    /// Copies values into the parameters and buffers of these keys.
    func start(_ state: [String: Tensor]) throws(TorchError) {
        for (key, place) in orderedState {
            if let value = state[key] { try place.detach().copy(from: value) }
        }
    }
}

/// The settings of an encoder.
public protocol EncoderSettings: Component {
    /// The weights that a run starts from: a file, a run folder or a checkpoint; random ones where nil.
    var weights: String? { get set }

    /// The key under which torchvision, or timm, has the linear layer of a classifier.
    var classifierKey: String { get }

    /// Builds the network with random weights; `generator` draws them in a fixed order.
    func build(generator: Generator) throws(TorchError) -> any Encoder

    /// Checks the settings against the size of a view.
    func validate(input: Size) throws(InvalidSetting)
}

extension EncoderSettings {
    /// Random weights only.
    public var weights: String? {
        get { nil }
        set {}
    }

    /// That of torchvision's ResNets.
    public var classifierKey: String { "fc" }

    /// Accepts views of any size.
    public func validate(input: Size) throws(InvalidSetting) {}
}

/// The encoders that a pipeline file can name.
public enum EncoderFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any EncoderSettings>(
        kind: "an encoder",
        [
            ResNet18.self, ResNet34.self, ResNet50.self, ResNet101.self, WideResNet50.self, MobileNetV2.self,
            ConvNet.self,
            ConvNeXtTiny.self, ConvNeXtSmall.self, ViT.self, ViTTiny.self, ViTSmall.self, ViTBase.self,
        ])
}
