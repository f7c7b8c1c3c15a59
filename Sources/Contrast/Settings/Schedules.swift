import Foundation
import Views

/// A schedule of the learning rate: a factor for each step.
public protocol Schedule: Component {
    /// The factor of a step.
    /// - Parameters:
    ///   - step: from 0.
    ///   - steps: of the whole run, at least 1.
    ///   - stepsPerEpoch: at least 1.
    func factor(step: Int, steps: Int, stepsPerEpoch: Int) -> Double
}

/// The schedules that a pipeline file can name.
public enum ScheduleFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any Schedule>(
        kind: "a schedule", [CosineConfiguration.self, ConstantSchedule.self])
}

/// `cosine`: linear from `1 / w` to 1 over the w warm-up steps, then `(1 + cos(pi t)) / 2` down to 0 at the run's end
/// (Loshchilov & Hutter 2017, arXiv 1608.03983, without restarts).
public struct CosineConfiguration: Schedule {
    /// `cosine`.
    public static let name = "cosine"

    /// The number of epochs of linear warm-up; may be a fraction.
    public var warmupEpochs = 0.0
    /// The factor at the end.
    public var floor = 0.0

    /// Without warm-up, down to 0.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("warmup_epochs", warmupEpochs, in: 0...1_000_000)
        try require("floor", floor, in: 0...1)
    }

    /// The factor of a step, in 0...1.
    public func factor(step: Int, steps: Int, stepsPerEpoch: Int) -> Double {
        let warmup = min(Int((warmupEpochs * Double(stepsPerEpoch)).rounded()), steps)
        if step < warmup { return Double(step + 1) / Double(warmup) }
        let share = Double(step - warmup) / Double(max(steps - warmup, 1))
        return floor + (1 - floor) * (1 + cos(.pi * share)) / 2
    }
}

/// `constant`: always 1.
public struct ConstantSchedule: Schedule {
    /// `constant`.
    public static let name = "constant"

    /// No settings.
    public init() {}

    /// The factor of a step, in 0...1.
    public func factor(step: Int, steps: Int, stepsPerEpoch: Int) -> Double { 1 }
}
