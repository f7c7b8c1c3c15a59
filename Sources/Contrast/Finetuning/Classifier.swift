import Torch

/// A network from images to the probabilities of classes: `softmax(W f + b)` of an encoder's features f.
///
/// It is used like an encoder whose features are probabilities. Its keys are torchvision's, or timm's, for the whole
/// network.
public final class Classifier: Encoder {
    /// The network before the linear layer.
    public let encoder: any Encoder
    /// The number of classes.
    public let dimension: Int
    let linear: Linear
    let key: String

    /// Joins an encoder and the linear layer that was trained with it.
    /// - Parameter key: the layer's key in the state.
    init(_ encoder: any Encoder, _ linear: Linear, classes: Int, key: String) {
        (self.encoder, self.linear, self.key) = (encoder, linear, key)
        dimension = classes
    }

    /// The members of the encoder, then the layer.
    public var members: [(key: String, value: Any)] { encoder.members + [(key, linear)] }

    /// The probabilities `[N, classes]` of normalized images `[N, 3, H, W]`.
    public func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        try probabilities(encoder(images, training: training))
    }

    /// The fastest function from images to probabilities on the CPU.
    public func forInference() throws(TorchError) -> (Tensor) throws(TorchError) -> Tensor {
        let features = try encoder.forInference()
        return { images throws(TorchError) in try self.probabilities(features(images)) }
    }

    private func probabilities(_ features: Tensor) throws(TorchError) -> Tensor {
        try linear(features).softmax(dim: 1)
    }
}

extension Classifier: ONNXExportable {
    func addNodes(to graph: inout ONNXGraph, images: String) throws(TorchError) -> String {
        guard let encoder = encoder as? any ONNXExportable else {
            throw TorchError(operation: "onnx", message: "the network has no ONNX form")
        }
        let scores = graph.linear(key, try encoder.addNodes(to: &graph, images: images))
        return graph.add("Softmax", scores, attributes: ["axis": .int(-1)])
    }
}
