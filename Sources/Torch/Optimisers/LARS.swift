import CTorch

/// Layer-wise adaptive rate scaling: You et al. 2017, arXiv 1708.03888, as SimCLR uses it.
///
/// `d = g + decay w; rate = lr trust |w| / |d| (lr where either is 0); v = momentum v + rate d; w -= v`. Biases and
/// normalisations get neither decay nor adaptation where they are spared.
public final class LARS: Optimizer {
    private let settings: ctorch_lars
    private let groups: [(group: ParameterGroup, decay: Double?, adapts: Bool)]

    /// Groups the parameters by weight decay.
    public init(
        _ parameters: [(key: String, parameter: Parameter)], lr: Double, momentum: Double, weightDecay: Double,
        trust: Double, sparingBiasAndNorm: Bool
    ) throws(TorchError) {
        settings = ctorch_lars(
            lr: lr, momentum: momentum, weight_decay: weightDecay, trust: trust, eps: 0, adapt: true)
        let split = try ParameterGroup.split(parameters, sparingBiasAndNorm: sparingBiasAndNorm, slots: ["momentum"])
        groups = [(split.decayed, weightDecay, true), (split.spared, nil, false)]
    }

    /// Takes one step. Parameters without a gradient stay as they are.
    public func step(factor: Double, weightDecay: Double?) throws(TorchError) {
        for (group, decay, adapts) in groups {
            var settings = settings
            settings.lr *= factor
            settings.weight_decay = decay.map { weightDecay ?? $0 } ?? 0
            settings.adapt = adapts
            try check(
                "lars",
                ctorch_lars_step(
                    settings, group.parameters.map { $0.value.handle }, group.slots["momentum"]?.map { $0.handle },
                    Int32(group.parameters.count)))
        }
    }

    /// Clears the gradients of all parameters.
    public func zeroGrad() throws(TorchError) { try clear(groups.map { $0.group }) }

    /// The momentum of each parameter.
    public var state: [String: Tensor] { groups.reduce(into: [:]) { $0.merge($1.group.state) { $1 } } }

    /// Restores a `state`. Changes nothing if it does not fit.
    public func load(state: [String: Tensor]) throws(StateError) { try restore(self.state, from: state) }
}
