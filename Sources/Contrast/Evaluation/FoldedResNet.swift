import Torch

/// A ResNet whose batch norms are folded into the convolutions before them, for features alone.
///
/// With running statistics batch norm is `g (x - m) / sqrt(v + 1e-5) + b` of each channel, so the convolution's weights are
/// multiplied by `g / sqrt(v + 1e-5)`, and what is left is its bias. Channels are innermost, which without gradients is faster
/// with every libtorch (a sixth on 1.13, ResNet-18 of width 16 at 32 pixels) and lets `InferenceConv2d` go by transforms. A copy:
/// later changes of the network are not seen.
struct FoldedResNet {
    private struct Block {
        let layers: [InferenceConv2d]
        let shortcut: InferenceConv2d?
    }

    private let stem: InferenceConv2d
    private let pools: Bool
    private let blocks: [Block]

    /// Nil for other encoders.
    init?(_ encoder: any Encoder) throws(TorchError) {
        guard let network = encoder as? ResNet else { return nil }
        let state = network.stateDict
        func layer(_ convolution: String, _ norm: String, stride: Int) throws(TorchError) -> InferenceConv2d {
            func value(_ key: String) throws(TorchError) -> Tensor {
                guard let value = state[key] else { throw TorchError(operation: "fold", message: "there is no \(key)") }
                return try value.detach()
            }
            let weight = try value("\(convolution).weight")
            let deviation = try (value("\(norm).running_var") + 1e-5).sqrt()
            let scale = try value("\(norm).weight") / deviation
            return try InferenceConv2d(
                weight: weight * scale.reshape([-1, 1, 1, 1]),
                bias: value("\(norm).bias") - value("\(norm).running_mean") * scale, stride: stride,
                // All of a ResNet's convolutions keep the extent but for their stride.
                padding: weight.shape[2] / 2)
        }
        pools = network.pools
        stem = try layer("conv1", "bn1", stride: pools ? 2 : 1)
        var blocks: [Block] = []
        for (stage, list) in [network.layer1, network.layer2, network.layer3, network.layer4].enumerated() {
            for (place, block) in list.modules.enumerated() {
                let key = "layer\(stage + 1).\(place)"
                let stride = stage > 0 && place == 0 ? 2 : 1
                // The 3x3 convolution of a bottleneck carries the stride.
                let isBottleneck = block.conv3 != nil
                var layers = [
                    try layer("\(key).conv1", "\(key).bn1", stride: isBottleneck ? 1 : stride),
                    try layer("\(key).conv2", "\(key).bn2", stride: isBottleneck ? stride : 1),
                ]
                if isBottleneck { layers.append(try layer("\(key).conv3", "\(key).bn3", stride: 1)) }
                blocks.append(
                    Block(
                        layers: layers,
                        shortcut: block.downsample == nil
                            ? nil : try layer("\(key).downsample.0", "\(key).downsample.1", stride: stride)))
            }
        }
        self.blocks = blocks
    }

    /// The features `[N, dimension]` of `[N, 3, H, W]`.
    func callAsFunction(_ images: Tensor) throws(TorchError) -> Tensor {
        var x = try stem(images.channelsLast(), relu: true)
        if pools { x = try x.maxPool2d(kernel: 3, stride: 2, padding: 1) }
        for block in blocks {
            let shortcut = try block.shortcut?(x) ?? x
            for layer in block.layers.dropLast() { x = try layer(x, relu: true) }
            if let last = block.layers.last { x = try last(x, adding: shortcut, relu: true) }
        }
        return try x.mean(dims: [2, 3])
    }
}
