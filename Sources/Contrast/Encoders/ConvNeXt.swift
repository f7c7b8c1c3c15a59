import Torch

/// The network of a ConvNeXt. Weights start normal with standard deviation 0.02, biases at 0, as in torchvision.
///
/// Channels are innermost in memory, so that norms and linear layers take an image as rows of pixels without a copy.
final class ConvNeXt: Encoder {
    let dimension: Int
    let topology: ConvNeXtTopology
    private let dropPath: Double
    private let norm: LayerNorm
    private var resizings: [String: (convolution: Conv2d, norm: LayerNorm)] = [:]
    private var blocks: [String: ConvNeXtBlock] = [:]

    init(
        _ topology: ConvNeXtTopology, layerScale: Double, dropPath: Double, generator: Generator
    ) throws(TorchError) {
        self.topology = topology
        self.dropPath = dropPath
        dimension = topology.dimension
        norm = try LayerNorm(topology.dimension, eps: 1e-6)
        for step in topology.steps {
            switch step {
            case .stem(let key, _, let outputs):
                resizings[key] = (
                    try Conv2d(3, outputs, kernel: 4, stride: 4, bias: true, std: 0.02, generator: generator),
                    try LayerNorm(outputs, eps: 1e-6)
                )
            case .halving(_, let key, let inputs, let outputs):
                resizings[key] = (
                    try Conv2d(
                        inputs, outputs, kernel: 2, stride: 2, bias: true, std: 0.02, generator: generator),
                    try LayerNorm(inputs, eps: 1e-6)
                )
            case .block(let key, _, let channels):
                blocks[key] = try ConvNeXtBlock(channels, layerScale: layerScale, generator: generator)
            }
        }
    }

    /// The layers by torchvision's keys.
    var members: [(key: String, value: Any)] {
        topology.steps.flatMap { step -> [(key: String, value: Any)] in
            switch step {
            case .stem(let convolution, let norm, _):
                [
                    (convolution, resizings[convolution]?.convolution as Any),
                    (norm, resizings[convolution]?.norm as Any),
                ]
            case .halving(let norm, let convolution, _, _):
                [
                    (norm, resizings[convolution]?.norm as Any),
                    (convolution, resizings[convolution]?.convolution as Any),
                ]
            case .block(let key, _, _): [(key, blocks[key] as Any)]
            }
        } + [(topology.norm, norm)]
    }

    func callAsFunction(_ images: Tensor, training: Bool) throws(TorchError) -> Tensor {
        let drop = try DropPath(
            images: images, weights: norm.weight.value, rate: dropPath, branches: topology.blocks, training: training)
        var x = try images.channelsLast()
        for step in topology.steps {
            switch step {
            case .stem(let key, _, _):
                guard let (convolution, norm) = resizings[key] else { continue }
                x = try norm(convolution(x).pixelRows()).planes()
            case .halving(_, let key, _, _):
                guard let (convolution, norm) = resizings[key] else { continue }
                x = try convolution(norm(x.pixelRows()).planes())
            case .block(let key, let index, _):
                guard let block = blocks[key] else { continue }
                var branch = try block(x)
                if let drop { branch = try drop(branch, block: index) }
                x = try x + branch
            }
        }
        return try norm(x.mean(dims: [2, 3]))
    }
}

/// The branch of a residual block.
final class ConvNeXtBlock: Module {
    private let scale: Parameter
    private let depthwise: Conv2d
    private let norm: LayerNorm
    private let expand: Linear
    private let contract: Linear

    init(_ channels: Int, layerScale: Double, generator: Generator) throws(TorchError) {
        scale = try Parameter(.full([channels, 1, 1], layerScale))
        depthwise = try Conv2d(
            channels, channels, kernel: 7, padding: 3, groups: channels, bias: true, std: 0.02,
            generator: generator)
        norm = try LayerNorm(channels, eps: 1e-6)
        expand = try Linear(channels, 4 * channels, std: 0.02, generator: generator)
        contract = try Linear(4 * channels, channels, std: 0.02, generator: generator)
    }

    /// The layers by torchvision's keys.
    var members: [(key: String, value: Any)] {
        [
            ("layer_scale", scale), ("block.0", depthwise), ("block.2", norm), ("block.3", expand),
            ("block.5", contract),
        ]
    }

    /// `[N, C, H, W]` for `[N, C, H, W]`.
    func callAsFunction(_ x: Tensor) throws(TorchError) -> Tensor {
        let rows = try contract(expand(norm(depthwise(x).pixelRows())).gelu())
        return try (rows * scale.value.reshape([-1])).planes()
    }
}

extension Tensor {
    /// `[N, H, W, C]` of `[N, C, H, W]`, sharing memory.
    fileprivate func pixelRows() throws(TorchError) -> Tensor { try transpose(1, 2).transpose(2, 3) }
    /// `[N, C, H, W]` of `[N, H, W, C]`, sharing memory.
    fileprivate func planes() throws(TorchError) -> Tensor { try transpose(2, 3).transpose(1, 2) }
}
