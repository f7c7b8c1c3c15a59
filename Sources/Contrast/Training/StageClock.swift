import Torch

/// Measures the time of each stage of a step. It waits for a GPU at the end of each stage.
final class StageClock {
    /// The stages, in their order.
    enum Stage: String, CaseIterable {
        /// Waiting for the loader, and the copy to a GPU.
        case data
        /// The networks.
        case forward
        /// The rest of the objective.
        case loss
        /// The gradients.
        case backward
        /// The check of the gradients, and the optimiser.
        case update
    }

    private let device: Device
    /// Seconds so far.
    private(set) var seconds: [Stage: Double] = [:]

    init(_ device: Device) { self.device = device }

    /// Runs a part of a stage. The time of stages inside it is not counted twice.
    func measure<Result, Failure: Error>(
        _ stage: Stage, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let (start, inner) = (ContinuousClock.now, seconds.values.reduce(0, +))
        let result = try body()
        // A failed device throws at the next operation too.
        try? Runtime.synchronize(device)
        let elapsed = (ContinuousClock.now - start).seconds
        seconds[stage, default: 0] += elapsed - (seconds.values.reduce(0, +) - inner)
        return result
    }

    static func measure<Result, Failure: Error>(
        _ clock: StageClock?, _ stage: Stage, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let clock else { return try body() }
        return try clock.measure(stage, body)
    }
}
