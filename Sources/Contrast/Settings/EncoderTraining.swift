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

extension TrainingConfiguration {
    /// The optimiser of a model, with groups of their own rates where `encoder` says so.
    func optimizer(of model: any ContrastiveModel) throws(TorchError) -> any Optimizer {
        guard let encoder else { return try optimizer.component.build(model.namedParameters) }
        return try EncoderGroups(model.namedParameters, of: optimizer.component, encoder)
    }
}

/// An optimiser for each group of parameters that share a rate, and the pull of the encoder to its start.
final class EncoderGroups: Optimizer {
    private let groups: [(optimizer: any Optimizer, rate: Double)]
    private let start: [(key: String, value: Parameter)]
    private let followed: FollowedParameters?
    private let strength: Double

    init(
        _ parameters: [(key: String, parameter: Parameter)], of settings: any OptimizerSettings,
        _ training: EncoderTraining
    ) throws(TorchError) {
        let prefix = "encoder."
        let encoder = parameters.filter { $0.key.hasPrefix(prefix) }
        let stages = encoder.map { EncoderTraining.stage(of: String($0.key.dropFirst(prefix.count))) }
        let last = stages.compactMap { $0 }.max() ?? 0
        var groups: [(optimizer: any Optimizer, rate: Double)] = []
        let others = parameters.filter { !$0.key.hasPrefix(prefix) }
        if !others.isEmpty { groups.append((try settings.build(others), 1)) }
        for stage in Set(stages.map { $0 ?? last }).sorted() {
            var own: [(key: String, parameter: Parameter)] = []
            for (entry, place) in zip(encoder, stages) where (place ?? last) == stage { own.append(entry) }
            var rate = training.lr
            for _ in stage..<last { rate *= training.layerDecay }
            groups.append((try settings.build(own), rate))
        }
        self.groups = groups
        strength = training.pull * settings.lr * training.lr
        guard training.pull > 0 else {
            (start, followed) = ([], nil)
            return
        }
        var start: [(key: String, value: Parameter)] = []
        for (key, parameter) in encoder {
            let copy = try Parameter(parameter.value.detach().clone())
            try copy.freeze()
            start.append((key, copy))
        }
        self.start = start
        followed = FollowedParameters(encoder.map(\.parameter), leaders: start.map(\.value))
    }

    func step(factor: Double) throws(TorchError) {
        for (optimizer, rate) in groups { try optimizer.step(factor: factor * rate) }
        try followed?.follow(momentum: max(0, 1 - strength * factor))
    }

    func zeroGrad() throws(TorchError) { for (optimizer, _) in groups { try optimizer.zeroGrad() } }

    var state: [String: Tensor] {
        var state = Dictionary(uniqueKeysWithValues: start.map { ("start.\($0.key)", $0.value.value) })
        for (optimizer, _) in groups { state.merge(optimizer.state) { first, _ in first } }
        return state
    }

    func load(state: [String: Tensor]) throws(StateError) {
        let own = self.state
        let unexpected = state.keys.filter { own[$0] == nil }.sorted()
        let missing = own.keys.filter { state[$0] == nil }.sorted()
        guard unexpected.isEmpty, missing.isEmpty else {
            throw StateError(missing: missing, unexpected: unexpected, mismatched: [])
        }
        for (optimizer, _) in groups {
            let part = optimizer.state
            try optimizer.load(state: state.filter { part[$0.key] != nil })
        }
        do throws(TorchError) {
            for (key, parameter) in start {
                if let value = state["start.\(key)"] { try parameter.value.copy(from: value) }
            }
        } catch {
            throw StateError(missing: [], unexpected: [], mismatched: ["\(error)"])
        }
    }
}
