import Torch

extension VisionTransformer: ONNXExportable {
    func addNodes(to graph: inout ONNXGraph, images: String) -> String {
        let patches = graph.convolution(
            "patch_embed.proj", images, kernel: patchEmbed.patch, stride: patchEmbed.patch, padding: 0, bias: true)
        let flat = graph.add("Reshape", patches, graph.constant([0, dimension, settings.tokens]))
        var x = graph.add("Transpose", flat, attributes: ["perm": .ints([0, 2, 1])])
        if settings.extraPositions == 0 { x = graph.add("Add", x, "pos_embed") }
        // In reverse order, because each token is put before all others so far.
        for token in [regToken == nil ? nil : "reg_token", clsToken == nil ? nil : "cls_token"].compactMap({ $0 }) {
            // One token for each image; their number is that of the images.
            let count = graph.add(
                "Reshape", graph.add("GlobalAveragePool", patches), graph.constant([0, 1, dimension]))
            let tokens = graph.add("Add", graph.add("Mul", count, graph.constant(0.0)), token)
            x = graph.add("Concat", tokens, x, attributes: ["axis": .int(1)])
        }
        if settings.extraPositions > 0 { x = graph.add("Add", x, "pos_embed") }
        for block in blocks.modules.indices { x = addBlock(to: &graph, x, key: "blocks.\(block)") }
        if norm != nil {
            return graph.layerNorm("norm", graph.add("Gather", x, graph.constant(0), attributes: ["axis": .int(1)]))
        }
        if settings.registers > 0 {
            let (start, end) = (settings.extraTokens, settings.extraTokens + settings.tokens)
            x = graph.add("Slice", x, graph.constant([start]), graph.constant([end]), graph.constant([1]))
        }
        return graph.layerNorm(
            "fc_norm", graph.add("ReduceMean", x, attributes: ["axes": .ints([1]), "keepdims": .int(0)]))
    }

    private func addBlock(to graph: inout ONNXGraph, _ input: String, key: String) -> String {
        let sides = graph.linear("\(key).attn.qkv", graph.layerNorm("\(key).norm1", input))
        let heads = settings.heads
        let parts = graph.add("Reshape", sides, graph.constant([0, 0, 3, heads, dimension / heads]))
        let stacked = graph.add("Transpose", parts, attributes: ["perm": .ints([2, 0, 3, 1, 4])])
        var side: [String] = []
        for part in 0..<3 {
            side.append(graph.add("Gather", stacked, graph.constant(part), attributes: ["axis": .int(0)]))
        }
        let keys = graph.add("Transpose", side[1], attributes: ["perm": .ints([0, 1, 3, 2])])
        let scale = graph.constant(1 / Double(dimension / heads).squareRoot())
        let scores = graph.add("Mul", graph.add("MatMul", side[0], keys), scale)
        let shares = graph.add("Softmax", scores, attributes: ["axis": .int(-1)])
        let mixed = graph.add(
            "Transpose", graph.add("MatMul", shares, side[2]), attributes: ["perm": .ints([0, 2, 1, 3])])
        let joined = graph.add("Reshape", mixed, graph.constant([0, 0, dimension]))
        let scales = settings.layerScale > 0
        var branch = graph.linear("\(key).attn.proj", joined)
        if scales { branch = graph.add("Mul", branch, "\(key).ls1.gamma") }
        let x = graph.add("Add", input, branch)
        let hidden = graph.linear("\(key).mlp.fc1", graph.layerNorm("\(key).norm2", x))
        branch = graph.linear("\(key).mlp.fc2", graph.gelu(hidden))
        if scales { branch = graph.add("Mul", branch, "\(key).ls2.gamma") }
        return graph.add("Add", x, branch)
    }
}

extension ONNXGraph {
    /// `x W^T + b` by the constants `key.weight` and `key.bias`.
    mutating func linear(_ key: String, _ input: String) -> String {
        let weight = add("Transpose", "\(key).weight", attributes: ["perm": .ints([1, 0])])
        return add("Add", add("MatMul", input, weight), "\(key).bias")
    }

    /// Layer norm over the last dimension.
    mutating func layerNorm(_ key: String, _ input: String) -> String {
        add(
            "LayerNormalization", input, "\(key).weight", "\(key).bias",
            attributes: ["axis": .int(-1), "epsilon": .float(1e-6)])
    }

    /// `x (1 + erf(x / sqrt 2)) / 2`.
    mutating func gelu(_ input: String) -> String {
        let erf = add("Erf", add("Mul", input, constant(0.5.squareRoot())))
        return add("Mul", add("Mul", input, constant(0.5)), add("Add", erf, constant(1.0)))
    }
}
