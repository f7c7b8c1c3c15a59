/// The two kinds of residual block of He et al. 2015, arXiv 1512.03385.
enum ResNetBlock: Sendable {
    /// Two 3x3 convolutions.
    case basic
    /// 1x1, 3x3 and 1x1 convolutions, the first two `widening` times as wide as the stage, the last four times. The 3x3
    /// convolution carries the stride, as in torchvision ("v1.5").
    case bottleneck(widening: Int)
}

extension ConvolutionTopology {
    /// A ResNet with torchvision's state keys, without `fc`.
    static func resNet(_ block: ResNetBlock, depths: [Int], stem: Stem, width: Int) -> ConvolutionTopology {
        let pools = stem == .imagenet
        let first = Layer(
            convolution: "conv1", norm: "bn1", inputs: 3, outputs: width, kernel: pools ? 7 : 3, stride: pools ? 2 : 1,
            activation: .relu)
        var units: [Unit] = []
        var inputs = width
        for (stage, depth) in depths.enumerated() {
            for index in 0..<depth {
                // Each stage but the first halves the side in its first block.
                let unit = resNetUnit(
                    block, "layer\(stage + 1).\(index)", inputs: inputs, width: width << stage,
                    stride: stage > 0 && index == 0 ? 2 : 1)
                inputs = unit.layers[unit.layers.count - 1].outputs
                units.append(unit)
            }
        }
        return ConvolutionTopology(stem: first, pools: pools, units: units)
    }

    private static func resNetUnit(
        _ block: ResNetBlock, _ key: String, inputs: Int, width: Int, stride: Int
    ) -> Unit {
        // Kernel, stride and channels out of each layer.
        let plan: [(kernel: Int, stride: Int, outputs: Int)] =
            switch block {
            case .basic: [(3, stride, width), (3, 1, width)]
            case .bottleneck(let widening):
                [(1, 1, widening * width), (3, stride, widening * width), (1, 1, 4 * width)]
            }
        var channels = inputs
        var layers: [Layer] = []
        for (index, layer) in plan.enumerated() {
            layers.append(
                Layer(
                    convolution: "\(key).conv\(index + 1)", norm: "\(key).bn\(index + 1)", inputs: channels,
                    outputs: layer.outputs, kernel: layer.kernel, stride: layer.stride, activation: .relu))
            channels = layer.outputs
        }
        guard stride != 1 || inputs != channels else { return Unit(layers: layers, shortcut: .input) }
        let projection = Layer(
            convolution: "\(key).downsample.0", norm: "\(key).downsample.1", inputs: inputs, outputs: channels,
            kernel: 1, stride: stride)
        return Unit(layers: layers, shortcut: .projection(projection))
    }
}
