/// The convolutions of a ResNet and how they are connected, as data: what the network, its folded form and its ONNX
/// form follow.
struct ResNetTopology: Sendable {
    /// The two kinds of residual block of He et al. 2015.
    enum Block {
        /// Two 3x3 convolutions.
        case basic
        /// 1x1, 3x3 and 1x1 convolutions, four times as wide at the end. The 3x3 convolution carries the stride, as in
        /// torchvision ("v1.5").
        case bottleneck
    }

    /// A convolution and the batch norm that follows it; it keeps the side but for its stride.
    struct Layer: Sendable {
        /// Their state keys, torchvision's.
        var convolution: String
        var norm: String
        var inputs: Int
        var outputs: Int
        var kernel: Int
        var stride: Int

        var padding: Int { kernel / 2 }
    }

    /// A residual block: layers with ReLU between them, the sum with the shortcut, ReLU.
    struct Unit: Sendable {
        var layers: [Layer]
        /// The projection of the input; nil for the input itself.
        var shortcut: Layer?
    }

    let stem: Layer
    /// Whether a 3x3 max pool of stride 2 follows the stem.
    let pools: Bool
    let units: [Unit]

    init(_ block: Block, depths: [Int], stem: Stem, width: Int) {
        pools = stem == .imagenet
        self.stem = Layer(
            convolution: "conv1", norm: "bn1", inputs: 3, outputs: width, kernel: pools ? 7 : 3, stride: pools ? 2 : 1)
        var units: [Unit] = []
        var inputs = width
        for (stage, depth) in depths.enumerated() {
            for index in 0..<depth {
                // Each stage but the first halves the side in its first block.
                let unit = Unit(
                    block, "layer\(stage + 1).\(index)", inputs: inputs, width: width << stage,
                    stride: stage > 0 && index == 0 ? 2 : 1)
                inputs = unit.outputs
                units.append(unit)
            }
        }
        self.units = units
    }

    /// The channels of the last layer.
    var dimension: Int { units.last?.outputs ?? stem.outputs }

    /// All layers in the order of their keys.
    var layers: [Layer] { [stem] + units.flatMap { $0.layers + ($0.shortcut.map { [$0] } ?? []) } }

    /// Follows the connections from images to the last activations.
    /// - Parameters:
    ///   - layer: applies a layer to x, then adds what is given, then applies ReLU if it is told to.
    ///   - pool: applies the max pool.
    func run<Value, Failure: Error>(
        _ images: Value,
        layer apply: (Layer, _ x: Value, _ adding: Value?, _ relu: Bool) throws(Failure) -> Value,
        pool: (Value) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        var x = try apply(stem, images, nil, true)
        if pools { x = try pool(x) }
        for unit in units {
            let input = x
            for layer in unit.layers.dropLast() { x = try apply(layer, x, nil, true) }
            var shortcut = input
            if let projection = unit.shortcut { shortcut = try apply(projection, input, nil, false) }
            if let last = unit.layers.last { x = try apply(last, x, shortcut, true) }
        }
        return x
    }
}

extension ResNetTopology.Unit {
    init(_ block: ResNetTopology.Block, _ key: String, inputs: Int, width: Int, stride: Int) {
        let outputs = block == .basic ? width : 4 * width
        // Kernel, stride and channels out of each layer.
        let plan: [(kernel: Int, stride: Int, outputs: Int)] =
            block == .basic
            ? [(3, stride, width), (3, 1, width)] : [(1, 1, width), (3, stride, width), (1, 1, outputs)]
        var channels = inputs
        layers = []
        for (index, layer) in plan.enumerated() {
            layers.append(
                ResNetTopology.Layer(
                    convolution: "\(key).conv\(index + 1)", norm: "\(key).bn\(index + 1)", inputs: channels,
                    outputs: layer.outputs, kernel: layer.kernel, stride: layer.stride))
            channels = layer.outputs
        }
        guard stride != 1 || inputs != outputs else { return }
        shortcut = ResNetTopology.Layer(
            convolution: "\(key).downsample.0", norm: "\(key).downsample.1", inputs: inputs, outputs: outputs,
            kernel: 1,
            stride: stride)
    }

    /// The channels of the last layer.
    var outputs: Int { layers[layers.count - 1].outputs }
}
