import Torch
import Views

/// The settings from which an optimiser is built.
public protocol OptimizerSettings: Component {
    /// The learning rate that the schedule's factor multiplies.
    var lr: Double { get }

    /// Builds the optimiser of some parameters.
    func build(_ parameters: [(key: String, parameter: Parameter)]) throws(TorchError) -> any Optimizer
}

/// The optimisers that a pipeline file can name.
public enum OptimizerFamily: ComponentFamily {
    /// All of them.
    public static let registry = Registry<any OptimizerSettings>(
        kind: "an optimizer", [SGDConfiguration.self, AdamWConfiguration.self, LARSConfiguration.self])
}

/// `sgd`: see `SGD`.
public struct SGDConfiguration: OptimizerSettings {
    /// `sgd`.
    public static let name = "sgd"

    /// The learning rate, which the schedule multiplies.
    public var lr = 0.06
    /// Share of the last step that is kept.
    public var momentum = 0.9
    /// Whether the step looks ahead.
    public var nesterov = false
    /// L2 penalty on the weights.
    public var weightDecay = 5e-4
    /// Whether biases and normalisations are spared from the penalty.
    public var excludeBiasAndNorm = false

    /// Rate 0.06, momentum 0.9, decay 5e-4.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try requireRate(lr)
        try require("momentum", momentum, in: 0...1)
        try requireDecay(weightDecay)
        if nesterov && momentum == 0 { throw InvalidSetting("nesterov", "needs momentum above 0") }
    }

    /// Builds the optimiser of some parameters.
    public func build(_ parameters: [(key: String, parameter: Parameter)]) throws(TorchError) -> any Optimizer {
        try SGD(
            parameters, lr: lr, momentum: momentum, weightDecay: weightDecay, nesterov: nesterov,
            sparingBiasAndNorm: excludeBiasAndNorm)
    }
}

/// `adamw`: see `AdamW`.
public struct AdamWConfiguration: OptimizerSettings {
    /// `adamw`.
    public static let name = "adamw"

    /// The learning rate, which the schedule multiplies.
    public var lr = 1e-3
    /// Shares of the last mean and mean square that are kept.
    public var betas = [0.9, 0.999]
    /// Added to the root of the mean square.
    public var eps = 1e-8
    /// Share of a weight that a step of rate 1 would take away.
    public var weightDecay = 1e-2
    /// Whether biases and normalisations are spared from the decay.
    public var excludeBiasAndNorm = true

    /// PyTorch's defaults, biases and normalisations spared from decay.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try requireRate(lr)
        guard betas.count == 2, betas.allSatisfy({ $0 >= 0 && $0 < 1 }) else {
            throw InvalidSetting("betas", "must be two numbers in 0..<1, is \(betas)")
        }
        guard eps > 0, eps.isFinite else { throw InvalidSetting("eps", "must be positive, is \(eps)") }
        try requireDecay(weightDecay)
    }

    /// Builds the optimiser of some parameters.
    public func build(_ parameters: [(key: String, parameter: Parameter)]) throws(TorchError) -> any Optimizer {
        try AdamW(
            parameters, lr: lr, betas: (betas[0], betas[1]), eps: eps, weightDecay: weightDecay,
            sparingBiasAndNorm: excludeBiasAndNorm)
    }
}

/// `lars`: see `LARS`.
public struct LARSConfiguration: OptimizerSettings {
    /// `lars`.
    public static let name = "lars"

    /// The learning rate, which the schedule multiplies.
    public var lr = 0.3
    /// Share of the last step that is kept.
    public var momentum = 0.9
    /// L2 penalty on the weights.
    public var weightDecay = 1e-6
    /// The trust coefficient: a layer's step over its weights' length, at rate 1.
    public var trust = 1e-3
    /// Whether biases and normalisations are spared from the penalty and from the adaptation.
    public var excludeBiasAndNorm = true

    /// SimCLR's settings for a batch of 256.
    public init() {}

    /// Checks the ranges.
    public func validate() throws(InvalidSetting) {
        try requireRate(lr)
        try require("momentum", momentum, in: 0...1)
        try requireDecay(weightDecay)
        guard trust > 0, trust.isFinite else { throw InvalidSetting("trust", "must be positive, is \(trust)") }
    }

    /// Builds the optimiser of some parameters.
    public func build(_ parameters: [(key: String, parameter: Parameter)]) throws(TorchError) -> any Optimizer {
        try LARS(
            parameters, lr: lr, momentum: momentum, weightDecay: weightDecay, trust: trust,
            sparingBiasAndNorm: excludeBiasAndNorm)
    }
}

private func requireRate(_ lr: Double) throws(InvalidSetting) {
    guard lr > 0, lr.isFinite else { throw InvalidSetting("lr", "must be positive, is \(lr)") }
}

private func requireDecay(_ decay: Double) throws(InvalidSetting) {
    guard decay >= 0, decay.isFinite else { throw InvalidSetting("weight_decay", "must not be negative, is \(decay)") }
}
