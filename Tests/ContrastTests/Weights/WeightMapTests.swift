import Testing
import Torch

@testable import Contrast

@Suite("Weights by their names")
struct WeightMapTests {
    typealias Names = [(key: String, shape: [Int])]

    private static func network(_ settings: any EncoderSettings) throws -> Names {
        try settings.build(generator: Generator(seed: 0)).orderedState.map { ($0.key, $0.value.shape) }
    }

    private static func resNet() throws -> Names {
        var settings = ResNet18()
        settings.width = 2
        return try network(settings)
    }

    @Test(
        arguments: [
            "", "module.", "module.encoder_q.", "state_dict.backbone.", "teacher.backbone.", "model.encoder.",
            "state_dict.model.",
        ])
    func findsThePrefix(prefix: String) throws {
        let own = try WeightMapTests.resNet()
        let head: Names = [("\(prefix)fc.weight", [10, 16]), ("\(prefix)fc.bias", [10])]
        let map = WeightMap(of: own, in: head + own.map { (prefix + $0.key, $0.shape) }, prefix: nil)
        #expect(map.prefix == prefix && map.missing.isEmpty && !map.isByOrder)
        #expect(map.places["conv1.weight"] == 2 && map.places.count == own.count)
    }

    @Test(
        arguments: [
            ("module.encoder_q.", "module.encoder_k."), ("teacher.backbone.", "student.backbone."),
            ("state_dict.backbone.", "state_dict.momentum_backbone."), ("backbone.", "backbone_momentum."),
        ])
    func prefersTheEvaluatedCopy(wanted: String, other: String) throws {
        let own = try WeightMapTests.resNet()
        let file =
            own.map { (key: other + $0.key, shape: $0.shape) } + own.map { (key: wanted + $0.key, shape: $0.shape) }
        #expect(WeightMap(of: own, in: file, prefix: nil).prefix == wanted)
        #expect(WeightMap(of: own, in: file, prefix: other).places["conv1.weight"] == 0)
    }

    /// lightly's backbones are `Sequential`, whose keys are numbers.
    @Test func findsOtherSpellingsByTheirOrder() throws {
        let own = try WeightMapTests.resNet()
        let numbers = ["conv1": "0", "bn1": "1", "layer1": "4", "layer2": "5", "layer3": "6", "layer4": "7"]
        let file = own.map { entry in
            let parts = entry.key.split(separator: ".", maxSplits: 1)
            return (key: "backbone.\(numbers[String(parts[0])] ?? "").\(parts[1])", shape: entry.shape)
        }
        let map = WeightMap(of: own, in: file + [("head.weight", [3, 16])], prefix: nil)
        #expect(map.isByOrder && map.missing.isEmpty)
        #expect(map.places["layer4.1.bn2.running_var"] == own.firstIndex { $0.key == "layer4.1.bn2.running_var" })
    }

    @Test func saysWhatIsMissing() throws {
        let own = try WeightMapTests.resNet()
        let file = own.filter { !$0.key.hasPrefix("layer4.1.bn2") }
        #expect(WeightMap(of: own, in: file, prefix: nil).missing.first == "layer4.1.bn2.weight")
        #expect(WeightMap(of: own, in: own, prefix: "backbone.").missing.count == own.count - 20)
    }

    @Test func readsTorchvisionsVisionTransformers() {
        let names = [
            ("class_token", "cls_token"), ("conv_proj.weight", "patch_embed.proj.weight"),
            ("encoder.pos_embedding", "pos_embed"), ("encoder.ln.bias", "norm.bias"),
            ("encoder.layers.encoder_layer_3.ln_1.weight", "blocks.3.norm1.weight"),
            ("encoder.layers.encoder_layer_10.self_attention.in_proj_bias", "blocks.10.attn.qkv.bias"),
            ("module.encoder.layers.encoder_layer_0.mlp.linear_2.weight", "module.blocks.0.mlp.fc2.weight"),
        ]
        for (torchvision, timm) in names { #expect(WeightSpelling.timm(torchvision) == timm) }
        #expect(WeightSpelling.timm("blocks.0.norm1.weight") == nil)
    }

    @Test(
        arguments: [
            ("{resnet18: {stem: small, width: 2}}", ResNet18.self),
            ("{resnet34: {stem: imagenet, width: 2}}", ResNet34.self),
            ("{resnet50: {stem: imagenet, width: 2}}", ResNet50.self),
        ] as [(String, any EncoderSettings.Type)])
    func recognisesResNets(yaml: String, type: any EncoderSettings.Type) throws {
        let settings = try Experiments.read("encoder: \(yaml)").encoder.component
        #expect(Swift.type(of: settings) == type)
        let names = try WeightMapTests.network(settings).map { (key: "module.\($0.key)", shape: $0.shape) }
        #expect(NetworkRecognition.settings(of: names, prefix: nil, side: 224) == yaml)
        #expect(NetworkRecognition.settings(of: names, prefix: "student.", side: 224) == nil)
    }

    @Test func registersAndLayerScaleAreSeen() throws {
        var settings = ViT()
        (settings.imageSize, settings.width, settings.depth, settings.heads) = (32, 128, 2, 2)
        (settings.registers, settings.layerScale) = (4, 1)
        let names = try WeightMapTests.network(settings)
        let found = try #require(NetworkRecognition.settings(of: names, prefix: nil, side: 32))
        let read = try #require(try Experiments.read("encoder: \(found)").encoder.component as? ViT)
        #expect(read.registers == 4 && read.layerScale > 0 && read.imageSize == 32)
        let again = try WeightMapTests.network(read)
        #expect(again.map(\.key) == names.map(\.key) && again.map(\.shape) == names.map(\.shape))
    }

    @Test func groupedConvolutionsAreNoWideResNet() throws {
        let wide = try WeightMapTests.network(
            Experiments.read("encoder: {wide_resnet50_2: {width: 2}}").encoder.component)
        #expect(NetworkRecognition.settings(of: wide, prefix: nil, side: 224)?.contains("wide_resnet50_2") == true)
        let grouped = wide.map { key, shape in
            (key: key, shape: key.hasSuffix("conv2.weight") ? [shape[0], 1] + shape.suffix(2) : shape)
        }
        #expect(NetworkRecognition.settings(of: grouped, prefix: nil, side: 224) == nil)
    }

    @Test func extentsOfTensorsWithoutElementsAreBounded() {
        let file: [(key: String, shape: [Int])] = [
            ("patch_embed.proj.weight", [64, 3, 1 << 40, 0]), ("pos_embed", [1, 1 << 62, 0]),
            ("blocks.0.norm1.weight", [64]), ("blocks.0.mlp.fc1.weight", [256, 64]),
        ]
        #expect(NetworkRecognition.settings(of: file, prefix: nil, side: 224) == nil)
    }

    @Test func recognisesVisionTransformers() throws {
        var settings = ViT()
        (settings.imageSize, settings.width, settings.depth) = (32, 128, 2)
        settings.heads = 2
        let names = try WeightMapTests.network(settings)
        let found = try #require(NetworkRecognition.settings(of: names, prefix: nil, side: 48))
        let read = try #require(try Experiments.read("encoder: \(found)").encoder.component as? ViT)
        #expect(read.imageSize == 48 && read.width == 128 && read.depth == 2 && read.heads == 2 && read.patch == 16)
    }
}
