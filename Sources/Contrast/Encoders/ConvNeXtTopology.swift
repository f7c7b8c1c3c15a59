/// The layers of a ConvNeXt in order, as data that the network and its ONNX form follow.
struct ConvNeXtTopology: Sendable {
    /// A part of the network.
    enum Step: Sendable {
        /// A convolution of 4 pixels with stride 4, then a norm.
        case stem(convolution: String, norm: String, outputs: Int)
        /// A norm, then a convolution of 2 pixels with stride 2.
        case halving(norm: String, convolution: String, inputs: Int, outputs: Int)
        /// A residual block: a depthwise 7x7 convolution, a norm, a linear layer to four times the channels, GELU, a
        /// linear layer back, and a factor for each channel.
        case block(key: String, index: Int, channels: Int)
    }

    let steps: [Step]
    /// The number of blocks.
    let blocks: Int
    /// The channels of the last stage.
    let dimension: Int
    /// The norm of the pooled features.
    let norm = "classifier.0"

    init(depths: [Int], width: Int) {
        var steps = [Step.stem(convolution: "features.0.0", norm: "features.0.1", outputs: width)]
        var (index, channels) = (0, width)
        for (stage, depth) in depths.enumerated() {
            if stage > 0 {
                let key = "features.\(2 * stage)"
                steps.append(
                    .halving(norm: "\(key).0", convolution: "\(key).1", inputs: channels, outputs: 2 * channels))
                channels *= 2
            }
            for block in 0..<depth {
                steps.append(.block(key: "features.\(2 * stage + 1).\(block)", index: index, channels: channels))
                index += 1
            }
        }
        self.steps = steps
        blocks = index
        dimension = channels
    }
}
