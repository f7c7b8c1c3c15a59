import Torch

/// What a run does with a step whose loss or gradient is not finite. Such a step never changes the weights.
public enum NonfinitePolicy: String, Codable, Sendable, CaseIterable {
    /// Ends the run, which can be resumed from its last checkpoint.
    case stop
    /// Skips the batch.
    case skip
    /// Skips the batch, and halves the learning rate for the rest of the run.
    case halve

    /// Counts a step that was not finite, and returns whether the run may continue.
    func apply(to count: inout NonfiniteCount) -> Bool {
        count.total += 1
        count.inARow += 1
        guard self != .stop, count.inARow <= StepGuard.mostInARow else { return false }
        if self == .halve { count.rate /= 2 }
        return true
    }
}

/// A step whose loss or gradient is not finite.
struct NonfiniteStep: Error, Equatable, CustomStringConvertible {
    var loss: Double
    /// The length of all gradients together.
    var gradient: Double

    var description: String { loss.isFinite ? "the gradient's length is \(gradient)" : "the loss is \(loss)" }
}

/// The steps that were not finite so far, as a checkpoint has them.
struct NonfiniteCount: Codable, Equatable, Sendable {
    var total = 0
    var inARow = 0
    /// The factor on the learning rate.
    var rate = 1.0
}

/// Undoes what the forward of a skipped step changed: statistics of batch norm, queues and banks of embeddings,
/// momentum networks.
final class StepGuard {
    /// The number of steps in a row that may be skipped. More are not the fault of a batch.
    static let mostInARow = 16

    /// What is trained.
    let parameters: [Parameter]
    private let kept: [(state: Tensor, copy: Tensor)]

    init(_ model: any Module, policy: NonfinitePolicy) throws(TorchError) {
        let trained = model.namedParameters
        parameters = trained.map(\.parameter)
        guard policy != .stop else {
            kept = []
            return
        }
        let keys = Set(trained.map(\.key))
        var kept: [(state: Tensor, copy: Tensor)] = []
        for (key, state) in model.stateDict where !keys.contains(key) { kept.append((state, try state.clone())) }
        self.kept = kept
    }

    /// Remembers the state before a step.
    func begin() throws(TorchError) { for (state, copy) in kept { try copy.copy(from: state) } }

    /// Checks a step before the optimizer's, and returns the length of all gradients together.
    /// - Throws: `NonfiniteStep` after the state before the step is restored; `TorchError`.
    func check(loss: Double) throws -> Double {
        let norm = try Parameter.gradientNorm(parameters)
        guard !loss.isFinite || !norm.isFinite else { return norm }
        for (state, copy) in kept { try state.copy(from: copy) }
        throw NonfiniteStep(loss: loss, gradient: norm)
    }
}
