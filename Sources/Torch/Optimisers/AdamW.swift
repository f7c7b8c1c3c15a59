import CTorch
import Foundation

/// Adam with decoupled weight decay: Loshchilov & Hutter 2019, arXiv 1711.05101, as PyTorch computes it.
public final class AdamW: Optimizer {
    private let settings: ctorch_adamw
    private let groups: [(group: ParameterGroup, decay: Double?)]
    private let steps: Tensor

    /// Groups the parameters by weight decay.
    public init(
        _ parameters: [(key: String, parameter: Parameter)], lr: Double, betas: (Double, Double), eps: Double,
        weightDecay: Double, sparingBiasAndNorm: Bool
    ) throws(TorchError) {
        settings = ctorch_adamw(
            lr: lr, beta1: betas.0, beta2: betas.1, eps: eps, weight_decay: weightDecay, correction1: 1, correction2: 1)
        let split = try ParameterGroup.split(
            parameters, sparingBiasAndNorm: sparingBiasAndNorm, slots: ["exp_avg", "exp_avg_sq"])
        groups = [(split.decayed, weightDecay), (split.spared, nil)]
        steps = try .zeros([], dtype: .float64)
    }

    /// Takes one step. Parameters without a gradient stay as they are.
    public func step(factor: Double, weightDecay: Double?) throws(TorchError) {
        try steps.copy(from: steps + 1)
        let count = try steps.item()
        for (group, decay) in groups {
            var settings = settings
            settings.lr *= factor
            settings.weight_decay = decay.map { weightDecay ?? $0 } ?? 0
            settings.correction1 = 1 - pow(settings.beta1, count)
            settings.correction2 = 1 - pow(settings.beta2, count)
            try check(
                "adamw",
                ctorch_adamw_step(
                    settings, group.parameters.map { $0.value.handle }, group.slots["exp_avg"]?.map { $0.handle },
                    group.slots["exp_avg_sq"]?.map { $0.handle }, Int32(group.parameters.count)))
        }
    }

    /// Clears the gradients of all parameters.
    public func zeroGrad() throws(TorchError) { try clear(groups.map { $0.group }) }

    /// The number of steps, and both moments of each parameter.
    public var state: [String: Tensor] { groups.reduce(into: ["step": steps]) { $0.merge($1.group.state) { $1 } } }

    /// Restores a `state`. Changes nothing if it does not fit.
    public func load(state: [String: Tensor]) throws(StateError) { try restore(self.state, from: state) }

}
