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
        kind: "a schedule",
        [
            CosineConfiguration.self, LinearSchedule.self, StepSchedule.self, WSDSchedule.self, ConstantSchedule.self,
        ])
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
        let warmup = WarmUp(epochs: warmupEpochs, stepsPerEpoch, of: steps)
        return warmup.factor(step) ?? floor + (1 - floor) * (1 + cos(.pi * warmup.share(step))) / 2
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

/// `linear`: linear from `1 / w` to 1 over the w warm-up steps, then linear down to the floor at the run's end.
public struct LinearSchedule: Schedule {
    /// `linear`.
    public static let name = "linear"

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
        let warmup = WarmUp(epochs: warmupEpochs, stepsPerEpoch, of: steps)
        return warmup.factor(step) ?? 1 - (1 - floor) * warmup.share(step)
    }
}

/// `step`: after the warm-up the factor is multiplied by `gamma` at each of some epochs, as by PyTorch's
/// `MultiStepLR`.
public struct StepSchedule: Schedule {
    /// `step`.
    public static let name = "step"

    /// The number of epochs of linear warm-up; may be a fraction.
    public var warmupEpochs = 0.0
    /// The epochs after which the factor falls, ascending; may be fractions.
    public var epochs = [60.0, 80.0]
    /// What the factor is multiplied by.
    public var gamma = 0.1

    /// A tenth after 60 and after 80 epochs.
    public init() {}

    /// Checks the ranges, and that the epochs ascend.
    public func validate() throws(InvalidSetting) {
        try require("warmup_epochs", warmupEpochs, in: 0...1_000_000)
        try require("gamma", gamma, in: 0...1)
        guard !epochs.isEmpty, epochs.allSatisfy({ $0 > 0 && $0 <= 1_000_000 }),
            zip(epochs, epochs.dropFirst()).allSatisfy({ $0 < $1 })
        else { throw InvalidSetting("epochs", "must be ascending numbers above 0, is \(epochs)") }
    }

    /// The factor of a step, in 0...1.
    public func factor(step: Int, steps: Int, stepsPerEpoch: Int) -> Double {
        let warmup = WarmUp(epochs: warmupEpochs, stepsPerEpoch, of: steps)
        let falls = epochs.count { Double(step) >= ($0 * Double(stepsPerEpoch)).rounded() }
        return warmup.factor(step) ?? (0..<falls).reduce(1) { factor, _ in factor * gamma }
    }
}

/// `wsd`: warm-up, stable, decay: after the warm-up the factor stays 1, and falls linearly to the floor over the last
/// share of the run (Hu et al. 2024, arXiv 2404.06395).
public struct WSDSchedule: Schedule {
    /// `wsd`.
    public static let name = "wsd"

    /// The number of epochs of linear warm-up; may be a fraction.
    public var warmupEpochs = 0.0
    /// The share of the run's steps over which the factor falls, 0...1.
    public var decay = 0.1
    /// The factor at the end.
    public var floor = 0.0

    /// A tenth of the run to fall to 0.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try require("warmup_epochs", warmupEpochs, in: 0...1_000_000)
        try require("decay", decay, in: 0...1)
        try require("floor", floor, in: 0...1)
    }

    /// The factor of a step, in 0...1.
    public func factor(step: Int, steps: Int, stepsPerEpoch: Int) -> Double {
        let length = (decay * Double(steps)).rounded()
        let left = Double(steps - step)
        let warmup = WarmUp(epochs: warmupEpochs, stepsPerEpoch, of: steps)
        return warmup.factor(step) ?? (left >= length ? 1 : floor + (1 - floor) * left / length)
    }
}

/// The linear warm-up that schedules share: `(step + 1) / w` in the first w steps.
struct WarmUp {
    private let steps: Int
    private let all: Int

    init(epochs: Double, _ stepsPerEpoch: Int, of all: Int) {
        steps = min(Int((epochs * Double(stepsPerEpoch)).rounded()), all)
        self.all = all
    }

    /// The factor of a step of the warm-up; nil after it.
    func factor(_ step: Int) -> Double? { step < steps ? Double(step + 1) / Double(steps) : nil }

    /// The share of the steps after the warm-up that come before a step, 0..<1.
    func share(_ step: Int) -> Double { Double(step - steps) / Double(max(all - steps, 1)) }
}
