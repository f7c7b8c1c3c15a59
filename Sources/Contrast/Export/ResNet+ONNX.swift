import Torch

extension ResNet: ONNXExportable {
    func addNodes(to graph: inout ONNXGraph, images: String) -> String {
        var x = graph.convolution("conv1", images, kernel: pools ? 7 : 3, stride: pools ? 2 : 1, padding: pools ? 3 : 1)
        x = graph.add("Relu", graph.batchNorm("bn1", x))
        if pools { x = graph.maxPool(x, kernel: 3, stride: 2, padding: 1) }
        for (stage, blocks) in [layer1, layer2, layer3, layer4].enumerated() {
            for (place, block) in blocks.modules.enumerated() {
                x = block.addNodes(
                    to: &graph, x, key: "layer\(stage + 1).\(place)", stride: stage > 0 && place == 0 ? 2 : 1)
            }
        }
        return graph.globalMean(x)
    }
}

extension ResidualBlock {
    /// Adds the unit's nodes, the first of a stage with its stride.
    func addNodes(to graph: inout ONNXGraph, _ input: String, key: String, stride: Int) -> String {
        let isBottleneck = conv3 != nil
        var x = graph.convolution(
            "\(key).conv1", input, kernel: isBottleneck ? 1 : 3, stride: isBottleneck ? 1 : stride,
            padding: isBottleneck ? 0 : 1)
        x = graph.add("Relu", graph.batchNorm("\(key).bn1", x))
        x = graph.convolution("\(key).conv2", x, kernel: 3, stride: isBottleneck ? stride : 1, padding: 1)
        x = graph.batchNorm("\(key).bn2", x)
        if isBottleneck {
            x = graph.convolution("\(key).conv3", graph.add("Relu", x), kernel: 1, stride: 1, padding: 0)
            x = graph.batchNorm("\(key).bn3", x)
        }
        var shortcut = input
        if downsample != nil {
            shortcut = graph.convolution("\(key).downsample.0", input, kernel: 1, stride: stride, padding: 0)
            shortcut = graph.batchNorm("\(key).downsample.1", shortcut)
        }
        return graph.add("Relu", graph.add("Add", x, shortcut))
    }
}

extension ConvNetEncoder: ONNXExportable {
    func addNodes(to graph: inout ONNXGraph, images: String) -> String {
        var x = images
        for layer in convolutions.modules.indices {
            x = graph.convolution("convolutions.\(layer)", x, kernel: 3, stride: 1, padding: 1)
            x = graph.add("Relu", graph.batchNorm("norms.\(layer)", x))
            // The written network is for pictures of 8 pixels at least.
            if layer < 3 { x = graph.maxPool(x, kernel: 2, stride: 2, padding: 0) }
        }
        return graph.globalMean(x)
    }
}
