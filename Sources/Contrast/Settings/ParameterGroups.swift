import Torch
import Views

/// Parameters with settings of their own, by the beginning of their names.
public struct ParameterGroupSettings: Component {
    /// `group`.
    public static let name = "group"

    /// What the names begin with, as in `predictor.` or `encoder.layer4.`.
    public var match = ""
    /// The factor on the learning rate; 0 leaves the parameters as they are.
    public var lr = 1.0
    /// The weight decay; that of the optimiser if it is not set.
    public var weightDecay: Double?
    /// Whether the learning rate follows `training.schedule`. SimSiam's authors keep that of the predictor constant.
    public var scheduled = true

    /// All parameters, with nothing of their own.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        guard !match.isEmpty else {
            throw InvalidSetting("match", "must be what names of parameters begin with, as in predictor.")
        }
        try require("lr", lr, in: 0...1000)
        if let weightDecay { try require("weight_decay", weightDecay, in: 0...1000) }
    }
}

extension TrainingConfiguration {
    /// The optimiser of a model, with groups of their own rates where `encoder` and `groups` say so.
    /// - Throws: `TrainingError` if a group has no parameter; `TorchError`.
    func optimizer(of model: any ContrastiveModel) throws -> any Optimizer {
        let parameters = model.namedParameters
        for (index, group) in groups.enumerated()
        where !parameters.contains(where: { $0.key.hasPrefix(group.match) }) {
            let names = Set(parameters.map { $0.key.prefix { $0 != "." } + "." }).sorted().joined(separator: ", ")
            throw TrainingError(
                .unusable,
                "training.groups[\(index)].match: no parameter's name begins with '\(group.match)'; names begin with "
                    + "\(names)")
        }
        guard encoder != nil || !groups.isEmpty else { return try optimizer.component.build(parameters) }
        return try EncoderGroups(parameters, of: optimizer.component, encoder, groups)
    }
}

/// An optimiser for each group of parameters that share a rate, and the pull of the encoder to its start.
final class EncoderGroups: Optimizer {
    /// Where parameters belong: the encoder's stage, nil for all others, and the group that names them.
    private struct Place: Hashable {
        var stage: Int?
        var group: Int?
    }

    private struct Part {
        var optimizer: any Optimizer
        var rate: Double
        var isScheduled: Bool
        var hasOwnDecay: Bool
    }

    private let parts: [Part]
    private let start: [(key: String, value: Parameter)]
    private let followed: FollowedParameters?
    private let strength: Double

    /// Groups parameters.
    /// - Parameters:
    ///   - training: how the encoder is trained; as all else if nil.
    ///   - groups: settings by names; the first that fits counts.
    init(
        _ parameters: [(key: String, parameter: Parameter)], of settings: any OptimizerSettings,
        _ training: EncoderTraining?, _ groups: [ParameterGroupSettings] = []
    ) throws(TorchError) {
        let prefix = "encoder."
        let encoder = training == nil ? [] : parameters.filter { $0.key.hasPrefix(prefix) }
        let training = training ?? EncoderTraining()
        let stages = encoder.map { EncoderTraining.stage(of: String($0.key.dropFirst(prefix.count))) }
        let last = stages.compactMap { $0 }.max() ?? 0
        let stageOf = Dictionary(
            uniqueKeysWithValues: zip(encoder, stages).map { ($0.key, $1 ?? last) })
        var order: [Place] = []
        var members: [Place: [(key: String, parameter: Parameter)]] = [:]
        for entry in parameters {
            let place = Place(
                stage: stageOf[entry.key], group: groups.firstIndex { entry.key.hasPrefix($0.match) })
            if members[place] == nil { order.append(place) }
            members[place, default: []].append(entry)
        }
        var parts: [Part] = []
        for place in order {
            let group = place.group.map { groups[$0] }
            var own = settings
            if let decay = group?.weightDecay { own.weightDecay = ScheduledValue(decay) }
            var rate = group?.lr ?? 1
            if let stage = place.stage {
                rate *= training.lr
                for _ in stage..<last { rate *= training.layerDecay }
            }
            parts.append(
                Part(
                    optimizer: try own.build(members[place] ?? []), rate: rate, isScheduled: group?.scheduled ?? true,
                    hasOwnDecay: group?.weightDecay != nil))
        }
        self.parts = parts
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

    func step(factor: Double, weightDecay: Double?) throws(TorchError) {
        for part in parts {
            try part.optimizer.step(
                factor: (part.isScheduled ? factor : 1) * part.rate, weightDecay: part.hasOwnDecay ? nil : weightDecay)
        }
        try followed?.follow(momentum: max(0, 1 - strength * factor))
    }

    func zeroGrad() throws(TorchError) { for part in parts { try part.optimizer.zeroGrad() } }

    var state: [String: Tensor] {
        var state = Dictionary(uniqueKeysWithValues: start.map { ("start.\($0.key)", $0.value.value) })
        for part in parts { state.merge(part.optimizer.state) { first, _ in first } }
        return state
    }

    func load(state: [String: Tensor]) throws(StateError) {
        let own = self.state
        let unexpected = state.keys.filter { own[$0] == nil }.sorted()
        let missing = own.keys.filter { state[$0] == nil }.sorted()
        guard unexpected.isEmpty, missing.isEmpty else {
            throw StateError(missing: missing, unexpected: unexpected, mismatched: [])
        }
        for part in parts {
            let part = part.optimizer
            let keys = part.state
            try part.load(state: state.filter { keys[$0.key] != nil })
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
