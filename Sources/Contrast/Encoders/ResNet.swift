import Torch

/// How a ResNet begins.
public enum Stem: String, Codable, Sendable, CaseIterable {
    /// A 7x7 convolution of stride 2 and a max pool of stride 2, as for ImageNet: the first stage sees 1/4 of the side.
    case imagenet
    /// A 3x3 convolution of stride 1 without pooling, for images of 32 pixels or so (Chen et al. 2020, appendix B.9).
    case small
}

/// The residual networks of He et al. 2015 (arXiv 1512.03385), with torchvision's names and initialisation, without `fc`.
///
/// Takes `[N, 3, H, W]`, gives the globally averaged features `[N, dimension]`. In the bottleneck the 3x3 convolution
/// carries the stride, as in torchvision ("v1.5").
public final class ResNet: Encoder {
    /// Numbers of a feature.
    public let dimension: Int
    let conv1: Conv2d
    let bn1: BatchNorm
    let layer1: ModuleList<ResidualBlock>
    let layer2: ModuleList<ResidualBlock>
    let layer3: ModuleList<ResidualBlock>
    let layer4: ModuleList<ResidualBlock>
    let pools: Bool

    init(
        block: ResidualBlock.Kind, depths: [Int], stem: Stem, width: Int, generator: Generator
    ) throws(TorchError) {
        pools = stem == .imagenet
        conv1 = try Conv2d(
            3, width, kernel: pools ? 7 : 3, stride: pools ? 2 : 1, padding: pools ? 3 : 1, generator: generator)
        bn1 = try BatchNorm(width)
        var channels = width
        var stages: [ModuleList<ResidualBlock>] = []
        for (stage, depth) in depths.enumerated() {
            var blocks: [ResidualBlock] = []
            for place in 0..<depth {
                // Each stage but the first halves the side in its first block.
                let block = try ResidualBlock(
                    block, inputs: channels, width: width << stage, stride: stage > 0 && place == 0 ? 2 : 1,
                    generator: generator)
                channels = block.channels
                blocks.append(block)
            }
            stages.append(ModuleList(blocks))
        }
        (layer1, layer2, layer3, layer4) = (stages[0], stages[1], stages[2], stages[3])
        dimension = channels
    }

    /// The features `[N, dimension]` of `[N, 3, H, W]`.
    public func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        var x = try bn1(conv1(images), training: training, relu: true)
        if pools { x = try x.maxPool2d(kernel: 3, stride: 2, padding: 1) }
        for stage in [layer1, layer2, layer3, layer4] {
            for block in stage.modules { x = try block(x, training: training) }
        }
        return try x.mean(dims: [2, 3])
    }
}
