import Torch
import Views

/// A moving average of an encoder's weights, which often scores better than the weights themselves: Polyak & Juditsky
/// 1992; Tarvainen & Valpola 2017, arXiv 1703.01780.
///
/// After each step `a <- m a + (1 - m) w`, for parameters and running statistics alike. It begins with equal weights.
public final class AveragedEncoder {
    /// The network with the averaged weights, without gradients.
    public let encoder: any Encoder
    private let momentum: Double
    private let followed: FollowedParameters
    private let statistics: [(own: Tensor, leader: Tensor)]

    /// Begins an average.
    /// - Parameters:
    ///   - leader: the encoder that is trained, on its device.
    ///   - settings: those that it was built from.
    ///   - momentum: m, 0...1.
    ///   - machine: where the leader is.
    public init(
        of leader: any Encoder, _ settings: any EncoderSettings, momentum: Double, machine: Machine
    ) throws(TorchError) {
        encoder = try settings.build(generator: Generator(seed: 0))
        try encoder.freeze()
        try encoder.move(to: machine.device, channelsLast: true)
        let (own, state) = (encoder.stateDict, leader.stateDict)
        for (key, value) in state { try own[key]?.copy(from: value.detach()) }
        followed = try FollowedParameters(of: encoder, leader: leader)
        statistics = zip(encoder.buffers, leader.buffers).map { ($0, $1) }
        self.momentum = momentum
    }

    /// Takes the encoder's weights into the average.
    public func follow() throws(TorchError) {
        try followed.follow(momentum: momentum)
        for (own, leader) in statistics {
            // The count of batches is a whole number.
            let isCount = own.dtype == .int64
            try own.copy(from: isCount ? leader : own * momentum + leader * (1 - momentum))
        }
    }
}

/// An optimiser that takes each step into a moving average of the encoder, which its state holds.
public final class AveragingOptimizer: Optimizer {
    private let optimizer: any Optimizer
    private let average: AveragedEncoder

    /// Joins an optimiser and an average of what it trains.
    public init(_ optimizer: any Optimizer, _ average: AveragedEncoder) {
        (self.optimizer, self.average) = (optimizer, average)
    }

    /// Takes a step and follows it.
    public func step(factor: Double, weightDecay: Double?) throws(TorchError) {
        try optimizer.step(factor: factor, weightDecay: weightDecay)
        try average.follow()
    }

    /// Clears all gradients.
    public func zeroGrad() throws(TorchError) { try optimizer.zeroGrad() }

    /// The optimiser's state, and the average under `average.`.
    public var state: [String: Tensor] {
        var state = optimizer.state
        for (key, value) in average.encoder.stateDict { state["average.\(key)"] = value }
        return state
    }

    /// Restores a `state`. Changes nothing if it does not fit.
    public func load(state: [String: Tensor]) throws(StateError) {
        let own = optimizer.state
        let kept = average.encoder.stateDict
        var (first, second) = ([String: Tensor](), [String: Tensor]())
        for (key, value) in state {
            let name = String(key.dropFirst("average.".count))
            if key.hasPrefix("average."), kept[name] != nil { second[name] = value } else { first[key] = value }
        }
        let missing =
            own.keys.filter { first[$0] == nil }
            + kept.keys.filter { second[$0] == nil }.map { "average.\($0)" }
        guard missing.isEmpty else { throw StateError(missing: missing.sorted(), unexpected: [], mismatched: []) }
        try optimizer.load(state: first)
        try average.encoder.load(stateDict: second)
    }
}
