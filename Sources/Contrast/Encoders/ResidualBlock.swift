import Torch

/// A residual unit: two 3x3 convolutions, or 1x1, 3x3 and 1x1 ones around a narrower middle.
final class ResidualBlock: Module {
    /// The two kinds of He et al. 2015.
    enum Kind {
        case basic
        case bottleneck

        /// Channels out over the stage's width.
        var expansion: Int { self == .basic ? 1 : 4 }
    }

    let conv1: Conv2d
    let bn1: BatchNorm
    let conv2: Conv2d
    let bn2: BatchNorm
    let conv3: Conv2d?
    let bn3: BatchNorm?
    let downsample: Downsample?
    /// Channels out.
    let channels: Int

    init(_ kind: Kind, inputs: Int, width: Int, stride: Int, generator: Generator) throws(TorchError) {
        let outputs = width * kind.expansion
        channels = outputs
        switch kind {
        case .basic:
            conv1 = try Conv2d(inputs, width, kernel: 3, stride: stride, padding: 1, generator: generator)
            conv2 = try Conv2d(width, width, kernel: 3, padding: 1, generator: generator)
            conv3 = nil
            bn3 = nil
        case .bottleneck:
            conv1 = try Conv2d(inputs, width, kernel: 1, generator: generator)
            conv2 = try Conv2d(width, width, kernel: 3, stride: stride, padding: 1, generator: generator)
            conv3 = try Conv2d(width, outputs, kernel: 1, generator: generator)
            bn3 = try BatchNorm(outputs)
        }
        bn1 = try BatchNorm(width)
        bn2 = try BatchNorm(width)
        downsample =
            stride != 1 || inputs != outputs
            ? try Downsample(inputs, outputs, stride: stride, generator: generator) : nil
    }

    func callAsFunction(_ input: Tensor, training: Bool) throws(TorchError) -> Tensor {
        let x = try bn1(conv1(input), training: training, relu: true)
        let shortcut = try downsample?(input, training: training) ?? input
        guard let conv3, let bn3 else {
            return try bn2(conv2(x), training: training, relu: true, adding: shortcut)
        }
        let middle = try bn2(conv2(x), training: training, relu: true)
        return try bn3(conv3(middle), training: training, relu: true, adding: shortcut)
    }
}

/// The shortcut where a block changes the extent: a 1x1 convolution and batch norm, keyed by their places.
final class Downsample: Module {
    private let convolution: Conv2d
    private let norm: BatchNorm

    init(_ inputs: Int, _ outputs: Int, stride: Int, generator: Generator) throws(TorchError) {
        convolution = try Conv2d(inputs, outputs, kernel: 1, stride: stride, generator: generator)
        norm = try BatchNorm(outputs)
    }

    var members: [(key: String, value: Any)] { [("0", convolution), ("1", norm)] }

    func callAsFunction(_ x: Tensor, training: Bool) throws(TorchError) -> Tensor {
        try norm(convolution(x), training: training)
    }
}
