import Torch

/// A critic with a learned scale and offset: `e^s critic(x, y) + b`.
///
/// The offset matters to every estimator in which a constant added to all scores does not cancel; critics such as the
/// separable one cannot shift all scores by themselves. The scale is all that a critic without weights learns.
final class ScaledCritic: Critic, Module {
    private let critic: any Critic
    private let logScale: Parameter
    private let level: Parameter

    /// Wraps a critic, at scale 1.
    init(_ critic: any Critic, level: Double) throws(TorchError) {
        self.critic = critic
        logScale = try Parameter(.zeros([]))
        self.level = try Parameter(.full([], level))
    }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try critic(x, y) * logScale.value.exp() + level.value
    }

    /// Copies of the parameters.
    func snapshot() throws(TorchError) -> [Tensor] {
        var copies: [Tensor] = []
        for (_, parameter) in namedParameters { copies.append(try parameter.value.detach().clone()) }
        return copies
    }

    /// Goes back to a snapshot.
    func restore(_ copies: [Tensor]) throws(TorchError) {
        try withoutGradients { () throws(TorchError) in
            for (copy, named) in zip(copies, namedParameters) { try named.parameter.value.copy(from: copy) }
        }
    }
}
