import Torch

/// A critic with a scale and a level to learn: `e^s critic(x, y) + b`.
///
/// The level matters to every estimator in which adding to all scores does not cancel, and critics such as the separable
/// one cannot shift all scores by themselves; the scale is all that a critic without weights has to learn.
final class LearntCritic: ScoreFunction, Module {
    private let critic: any ScoreFunction
    private let logScale: Parameter
    private let level: Parameter

    /// Wraps a critic, at scale 1.
    init(_ critic: any ScoreFunction, level: Double) throws(TorchError) {
        self.critic = critic
        logScale = try Parameter(.zeros([]))
        self.level = try Parameter(.full([], level))
    }

    func callAsFunction(_ x: Tensor, _ y: Tensor) throws(TorchError) -> Tensor {
        try critic(x, y) * logScale.value.exp() + level.value
    }

    /// Copies of everything that is learnt.
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
