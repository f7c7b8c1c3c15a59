import Torch

extension ConvolutionNetwork: ONNXExportable {
    func addNodes(to graph: inout ONNXGraph, images: String) -> String {
        let last = topology.run(images) { layer, x, other in
            var x = graph.convolution(
                layer.convolution, x, kernel: layer.kernel, stride: layer.stride, padding: layer.padding,
                groups: layer.groups)
            x = graph.batchNorm(layer.norm, x)
            if let other { x = graph.add("Add", x, other) }
            return graph.activation(layer.activation, x)
        } pool: { x in
            graph.maxPool(x, kernel: 3, stride: 2, padding: 1)
        }
        return graph.globalMean(last)
    }
}

extension ConvNetEncoder: ONNXExportable {
    func addNodes(to graph: inout ONNXGraph, images: String) -> String {
        var x = images
        for layer in convolutions.modules.indices {
            x = graph.convolution("convolutions.\(layer)", x, kernel: 3, stride: 1, padding: 1)
            x = graph.activation(.relu, graph.batchNorm("norms.\(layer)", x))
            // The exported network needs images of at least 8 pixels.
            if layer < 3 { x = graph.maxPool(x, kernel: 2, stride: 2, padding: 0) }
        }
        return graph.globalMean(x)
    }
}
