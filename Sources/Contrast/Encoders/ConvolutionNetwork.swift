import Torch

/// The first layers of a network of convolutions.
public enum Stem: String, Codable, Sendable, CaseIterable {
    /// As for ImageNet: the last stage sees 1/32 of the side. A ResNet begins with a 7x7 convolution of stride 2 and a
    /// max pool of stride 2.
    case imagenet
    /// For images of about 32 pixels: the last stage sees 1/8 of the side. A ResNet begins with a 3x3 convolution of
    /// stride 1 without pooling (Chen et al. 2020, appendix B.9); a MobileNetV2 has stride 1 in its first two layers of
    /// stride 2.
    case small
}

/// A network that follows a topology, with torchvision's initialisation: weights normal with `sqrt(2 / fan out)`.
final class ConvolutionNetwork: Encoder {
    let dimension: Int
    let topology: ConvolutionTopology
    /// The modules of each layer by the key of its convolution.
    private var modules: [String: (convolution: Conv2d, norm: BatchNorm)] = [:]

    init(_ topology: ConvolutionTopology, generator: Generator) throws(TorchError) {
        self.topology = topology
        dimension = topology.dimension
        for layer in topology.layers {
            modules[layer.convolution] = (
                try Conv2d(
                    layer.inputs, layer.outputs, kernel: layer.kernel, stride: layer.stride, padding: layer.padding,
                    groups: layer.groups, generator: generator), try BatchNorm(layer.outputs)
            )
        }
    }

    /// The convolutions and norms in the order of the topology.
    var members: [(key: String, value: Any)] {
        topology.layers.flatMap { layer -> [(key: String, value: Any)] in
            modules[layer.convolution].map { [(layer.convolution, $0.convolution), (layer.norm, $0.norm)] } ?? []
        }
    }

    func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        try topology.run(images) { (layer, x, other) throws(TorchError) in
            guard let (convolution, norm) = modules[layer.convolution] else { return x }
            return try norm(convolution(x), training: training, then: layer.activation, adding: other)
        } pool: { (x) throws(TorchError) in
            try x.maxPool2d(kernel: 3, stride: 2, padding: 1)
        }.mean(dims: [2, 3])
    }

    /// The network with batch norm folded into the convolutions.
    func forInference() throws(TorchError) -> (Tensor) throws(TorchError) -> Tensor {
        let folded = try FoldedNetwork(self)
        return { images throws(TorchError) in try folded(images) }
    }
}
