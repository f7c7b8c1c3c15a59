import Torch

/// An encoder and the head that follows it in training: images to embeddings.
public final class Projector: Module {
    /// Images to features.
    public let encoder: any Encoder
    /// Features to embeddings.
    public let head: any Head
    /// The dimension of an embedding.
    public let dimension: Int
    /// Whether the encoder's batch norm normalises by its running statistics in training too, and keeps them;
    /// shared with copies.
    var freezesNorm: Bool {
        get { norm.isFrozen }
        set { norm.isFrozen = newValue }
    }
    private var norm = NormMode()

    private final class NormMode {
        var isFrozen = false
    }
    private let settings: (encoder: any EncoderSettings, head: any HeadSettings)

    /// Builds the encoder, then the head.
    public init(
        encoder: any EncoderSettings, head: any HeadSettings, generator: Generator
    ) throws(TorchError) {
        settings = (encoder, head)
        self.encoder = try encoder.build(generator: generator)
        self.head = try head.build(inputs: self.encoder.dimension, generator: generator)
        dimension = head.dimension(inputs: self.encoder.dimension)
    }

    /// A copy without gradients.
    func frozenCopy() throws(TorchError) -> Projector {
        // The copy's own weights are overwritten, so they are drawn apart.
        let copy = try Projector(encoder: settings.encoder, head: settings.head, generator: Generator(seed: 0))
        do throws(StateError) {
            try copy.load(stateDict: stateDict)
        } catch {
            throw TorchError(operation: "copy", message: "\(error)")
        }
        try copy.freeze()
        copy.norm = norm
        return copy
    }

    /// Keys begin with `encoder` and `head`, wherever the projector belongs.
    public var isInlined: Bool { true }

    /// The embeddings `[N, dimension]` of images `[N, 3, H, W]`.
    public func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        try head(encoder(images, training: training && !freezesNorm), training: training)
    }
}
