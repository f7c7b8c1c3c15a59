import CTorch

/// Stochastic gradient descent as PyTorch's: `d = g + decay w; v = momentum v + d; w -= lr v`
/// (Nesterov: `w -= lr (d + momentum v)`).
public final class SGD: Optimizer {
    private let settings: ctorch_sgd
    private let groups: [(group: ParameterGroup, decay: Double?)]

    /// Groups the parameters by weight decay.
    public init(
        _ parameters: [(key: String, parameter: Parameter)], lr: Double, momentum: Double, weightDecay: Double,
        nesterov: Bool, sparingBiasAndNorm: Bool
    ) throws(TorchError) {
        settings = ctorch_sgd(lr: lr, momentum: momentum, weight_decay: weightDecay, nesterov: nesterov)
        let split = try ParameterGroup.split(parameters, sparingBiasAndNorm: sparingBiasAndNorm, slots: ["momentum"])
        groups = [(split.decayed, weightDecay), (split.spared, nil)]
    }

    /// Takes one step. Parameters without a gradient stay as they are.
    public func step(factor: Double, weightDecay: Double?) throws(TorchError) {
        for (group, decay) in groups {
            var settings = settings
            settings.lr *= factor
            settings.weight_decay = decay.map { weightDecay ?? $0 } ?? 0
            try check(
                "sgd",
                ctorch_sgd_step(
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

/// Clears the gradients of all parameters of some groups.
func clear(_ groups: [ParameterGroup]) throws(TorchError) {
    for group in groups {
        try check(
            "zero_grad", ctorch_clear_grads(group.parameters.map { $0.value.handle }, Int32(group.parameters.count)))
    }
}
