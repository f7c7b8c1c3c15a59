import Torch

extension ConvNeXt: ONNXExportable {
    func addNodes(to graph: inout ONNXGraph, images: String) -> String {
        var x = images
        for step in topology.steps {
            switch step {
            case .stem(let convolution, let norm, _):
                x = graph.convolution(convolution, x, kernel: 4, stride: 4, padding: 0, bias: true)
                x = graph.planes(graph.layerNorm(norm, graph.pixelRows(x)))
            case .halving(let norm, let convolution, _, _):
                x = graph.planes(graph.layerNorm(norm, graph.pixelRows(x)))
                x = graph.convolution(convolution, x, kernel: 2, stride: 2, padding: 0, bias: true)
            case .block(let key, _, let channels):
                let local = graph.convolution(
                    "\(key).block.0", x, kernel: 7, stride: 1, padding: 3, groups: channels, bias: true)
                let hidden = graph.linear("\(key).block.3", graph.layerNorm("\(key).block.2", graph.pixelRows(local)))
                let branch = graph.planes(graph.linear("\(key).block.5", graph.gelu(hidden)))
                x = graph.add("Add", x, graph.add("Mul", branch, "\(key).layer_scale"))
            }
        }
        return graph.layerNorm(topology.norm, graph.globalMean(x))
    }
}

extension ONNXGraph {
    /// `[N, H, W, C]` of `[N, C, H, W]`.
    fileprivate mutating func pixelRows(_ input: String) -> String {
        add("Transpose", input, attributes: ["perm": .ints([0, 2, 3, 1])])
    }

    /// `[N, C, H, W]` of `[N, H, W, C]`.
    fileprivate mutating func planes(_ input: String) -> String {
        add("Transpose", input, attributes: ["perm": .ints([0, 3, 1, 2])])
    }
}
