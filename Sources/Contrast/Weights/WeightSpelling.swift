/// Other key spellings of networks that use timm's keys here.
enum WeightSpelling {
    /// timm's name for torchvision's name of a tensor of a vision transformer; nil if it is not such a name.
    static func timm(_ name: String) -> String? {
        if let range = name.range(of: "conv_proj.") {
            return "\(name[..<range.lowerBound])patch_embed.proj.\(name[range.upperBound...])"
        }
        if name == "class_token" || name.hasSuffix(".class_token") { return name.dropLast(11) + "cls_token" }
        if let range = name.range(of: "encoder.pos_embedding"), range.upperBound == name.endIndex {
            return name[..<range.lowerBound] + "pos_embed"
        }
        for ending in ["encoder.ln.weight", "encoder.ln.bias"] where name == ending || name.hasSuffix(".\(ending)") {
            return name.dropLast(ending.count) + "norm." + ending.dropFirst("encoder.ln.".count)
        }
        guard let layers = name.range(of: "encoder.layers.encoder_layer_") else { return nil }
        let rest = name[layers.upperBound...]
        guard let point = rest.firstIndex(of: "."),
            let part = parts.first(where: { rest[rest.index(after: point)...] == $0.torchvision })
        else { return nil }
        return "\(name[..<layers.lowerBound])blocks.\(rest[..<point]).\(part.timm)"
    }

    private static let parts: [(torchvision: String, timm: String)] =
        [
            ("ln_1.", "norm1."), ("self_attention.in_proj_", "attn.qkv."),
            ("self_attention.out_proj.", "attn.proj."), ("ln_2.", "norm2."), ("mlp.0.", "mlp.fc1."),
            ("mlp.3.", "mlp.fc2."), ("mlp.linear_1.", "mlp.fc1."), ("mlp.linear_2.", "mlp.fc2."),
        ].flatMap { torchvision, timm in
            ["weight", "bias"].map { (torchvision + $0, timm + $0) }
        }
}
