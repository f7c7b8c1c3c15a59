import Torch
import Views

/// How an encoder that starts from weights is trained beside a head that starts from none: more slowly, so that what it
/// knows is kept.
public struct EncoderTraining: Component {
    /// `encoder`.
    public static let name = "encoder"

    /// The encoder's learning rate over the head's.
    public var lr = 0.1
    /// The factor on the learning rate from each stage of the encoder to the one before it, as of BEiT: Bao et al.
    /// 2022, arXiv 2106.08254; 1 for equal rates.
    public var layerDecay = 1.0
    /// Whether batch norm keeps the running statistics of the start and normalises by them.
    public var frozenNorm = false
    /// How strongly weights are drawn back to their start, as weight decay draws them to 0: L2-SP of Li et al. 2018,
    /// arXiv 1802.01483, apart from the gradient.
    public var pull = 0.0

    /// A tenth of the head's rate.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        guard lr > 0, lr <= 100 else { throw InvalidSetting("lr", "must be above 0 and at most 100, is \(lr)") }
        guard layerDecay > 0, layerDecay <= 1 else {
            throw InvalidSetting("layer_decay", "must be above 0 and at most 1, is \(layerDecay)")
        }
        try require("pull", pull, in: 0...1000)
    }

    /// The stage of a parameter of an encoder, by the first number in its key: `layer2.0.conv1` is of 2, `blocks.3` and
    /// `features.3` of 4; 0 before the first, nil for what follows the last, as a norm.
    static func stage(of key: String) -> Int? {
        for start in ["layer", "blocks.", "features."] {
            guard let range = key.range(of: start), range.lowerBound == key.startIndex else { continue }
            guard let number = Int(key[range.upperBound...].prefix { $0.isNumber }) else { break }
            return start == "layer" ? number : number + 1
        }
        // ViT's norms, and ConvNeXt's, which torchvision counts to the classifier.
        return ["norm", "fc_norm", "classifier"].contains { key.hasPrefix($0) } ? nil : 0
    }
}
