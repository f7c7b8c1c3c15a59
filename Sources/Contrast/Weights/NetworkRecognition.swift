import Torch

/// Recognises a network by the keys and shapes of its tensors.
struct NetworkRecognition {
    private let shapes: [String: [Int]]

    /// The settings of the encoder as YAML, as in `{resnet50: {stem: imagenet, width: 64}}`; nil if names and shapes do
    /// not identify it.
    /// - Parameters:
    ///   - file: the names and shapes of the tensors.
    ///   - prefix: the prefix of the network's keys; detected if nil.
    ///   - side: the side of the input images, for networks that need it.
    static func settings(of file: [(key: String, shape: [Int])], prefix: String?, side: Int) -> String? {
        let names = file.map { WeightSpelling.timm($0.key) ?? $0.key }
        for (anchor, settings) in anchors {
            let starts = names.filter { $0.hasSuffix(anchor) }.map { String($0.dropLast(anchor.count)) }
                .filter { ($0.isEmpty || $0.hasSuffix(".")) && (prefix == nil || prefix == $0) }
            for start in Set(starts).sorted(by: { ($0.count, $0) < ($1.count, $1) }) {
                let shapes = Dictionary(
                    zip(names, file.map(\.shape)).filter { $0.0.hasPrefix(start) }
                        .map { (String($0.0.dropFirst(start.count)), $0.1) },
                    uniquingKeysWith: { first, _ in first })
                if let found = settings(NetworkRecognition(shapes: shapes), side) { return found }
            }
        }
        return nil
    }

    /// A key that only one kind of network has, and the settings of that kind.
    private static let anchors: [(String, @Sendable (NetworkRecognition, _ side: Int) -> String?)] = [
        ("layer1.0.conv1.weight", { found, _ in found.resNet() }),
        ("patch_embed.proj.weight", { found, side in found.vit(side: side) }),
        ("features.18.0.weight", { found, _ in found.mobileNet() }),
        ("features.7.0.block.0.weight", { found, _ in found.convNeXt() }),
    ]

    private func count(_ key: (Int) -> String) -> Int {
        var count = 0
        while shapes[key(count)] != nil { count += 1 }
        return count
    }

    private func resNet() -> String? {
        guard let first = shapes["conv1.weight"], first.count == 4, first[2] == 3 || first[2] == 7,
            let second = shapes["layer1.0.conv2.weight"], second.count == 4,
            // ResNeXt's convolutions have groups.
            second[1] == second[0] || shapes["layer1.0.conv3.weight"] == nil
        else { return nil }
        let isBottleneck = shapes["layer1.0.conv3.weight"] != nil
        let depths = (1...4).map { stage in count { "layer\(stage).\($0).conv1.weight" } }
        let name: String
        switch (isBottleneck, depths, second[0] / max(first[0], 1)) {
        case (false, [2, 2, 2, 2], 1): name = "resnet18"
        case (false, [3, 4, 6, 3], 1): name = "resnet34"
        case (true, [3, 4, 6, 3], 1): name = "resnet50"
        case (true, [3, 4, 23, 3], 1): name = "resnet101"
        case (true, [3, 4, 6, 3], 2): name = "wide_resnet50_2"
        default: return nil
        }
        return "{\(name): {stem: \(first[2] == 7 ? "imagenet" : "small"), width: \(first[0])}}"
    }

    /// The number of heads, by width, of the ViTs whose heads do not have 64 dimensions: ViT-H, g and G.
    private var largeHeads: [Int: Int] { [1280: 16, 1408: 16, 1664: 16] }

    private func vit(side: Int) -> String? {
        // The shape of a tensor without elements may be of any size.
        guard let patches = shapes["patch_embed.proj.weight"], patches.count == 4, (1...1024).contains(patches[2]),
            let positions = shapes["pos_embed"], positions.count == 3, positions[1] <= 1 << 24
        else { return nil }
        let (width, patch) = (patches[0], patches[2])
        let depth = count { "blocks.\($0).norm1.weight" }
        guard depth > 0, let hidden = shapes["blocks.0.mlp.fc1.weight"]?.first, width > 0 else { return nil }
        let heads = largeHeads[width] ?? (width % 64 == 0 ? width / 64 : 1)
        let hasToken = shapes["cls_token"] != nil
        // With registers, timm's positions are only those of patches.
        let registers = shapes["reg_token"].flatMap { $0.count == 3 ? $0[1] : nil } ?? 0
        let tokens = hasToken && registers == 0 ? 1 : 0
        let own = Int(Double(max(positions[1] - tokens, 0)).squareRoot().rounded()) * patch
        let size = side % patch == 0 ? side : own
        let pool = shapes["fc_norm.weight"] != nil || !hasToken ? "mean" : "class_token"
        return "{vit: {image_size: \(size), patch: \(patch), width: \(width), depth: \(depth), heads: \(heads), "
            + "mlp_ratio: \(Double(hidden) / Double(width)), pool: \(pool), registers: \(registers), "
            + "layer_scale: \(shapes["blocks.0.ls1.gamma"] == nil ? 0 : 1)}}"
    }

    private func mobileNet() -> String? {
        shapes["features.18.0.weight"] == [1280, 320, 1, 1] ? "mobilenet_v2" : nil
    }

    private func convNeXt() -> String? {
        guard shapes["features.0.0.weight"] == [96, 3, 4, 4] else { return nil }
        switch count({ "features.5.\($0).block.0.weight" }) {
        case 9: return "convnext_tiny"
        case 27: return "convnext_small"
        default: return nil
        }
    }
}
