import Torch

/// The first layers of a ResNet.
public enum Stem: String, Codable, Sendable, CaseIterable {
    /// A 7x7 convolution of stride 2 and a max pool of stride 2, as for ImageNet: the first stage sees 1/4 of the side.
    case imagenet
    /// A 3x3 convolution of stride 1 without pooling, for images of about 32 pixels (Chen et al. 2020, appendix B.9).
    case small
}

/// The residual networks of He et al. 2015 (arXiv 1512.03385), with torchvision's state keys and initialization,
/// without `fc`.
///
/// Features are the global average of the last activations.
public final class ResNet: Encoder {
    /// The dimension of the features.
    public let dimension: Int
    let topology: ResNetTopology
    /// The modules of each layer by the key of its convolution.
    private var modules: [String: (convolution: Conv2d, norm: BatchNorm)] = [:]

    init(_ topology: ResNetTopology, generator: Generator) throws(TorchError) {
        self.topology = topology
        dimension = topology.dimension
        for layer in topology.layers {
            modules[layer.convolution] = (
                try Conv2d(
                    layer.inputs, layer.outputs, kernel: layer.kernel, stride: layer.stride, padding: layer.padding,
                    generator: generator), try BatchNorm(layer.outputs)
            )
        }
    }

    /// The convolutions and norms in the order of the topology.
    public var members: [(key: String, value: Any)] {
        topology.layers.flatMap { layer -> [(key: String, value: Any)] in
            modules[layer.convolution].map { [(layer.convolution, $0.convolution), (layer.norm, $0.norm)] } ?? []
        }
    }

    /// The features `[N, dimension]` of `[N, 3, H, W]`.
    public func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        try topology.run(images) { (layer, x, other, relu) throws(TorchError) in
            guard let (convolution, norm) = modules[layer.convolution] else { return x }
            return try norm(convolution(x), training: training, relu: relu, adding: other)
        } pool: { (x) throws(TorchError) in
            try x.maxPool2d(kernel: 3, stride: 2, padding: 1)
        }.mean(dims: [2, 3])
    }

    /// The network with batch norm folded into the convolutions.
    public func forInference() throws(TorchError) -> (Tensor) throws(TorchError) -> Tensor {
        let folded = try FoldedResNet(self)
        return { images throws(TorchError) in try folded(images) }
    }
}
