import Torch
import Views

/// The settings of an optimiser.
public protocol OptimizerSettings: Component {
    /// The learning rate that the schedule's factor multiplies.
    var lr: Double { get }
    /// The weight decay of the parameters that have one.
    var weightDecay: ScheduledValue { get set }

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
    /// The momentum factor.
    public var momentum = 0.9
    /// Whether to use Nesterov momentum.
    public var nesterov = false
    /// The L2 penalty on the weights.
    public var weightDecay: ScheduledValue = 5e-4
    /// Whether biases and normalisations have no penalty.
    public var excludeBiasAndNorm = false

    /// Learning rate 0.06, momentum 0.9, weight decay 5e-4.
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
            parameters, lr: lr, momentum: momentum, weightDecay: weightDecay.from, nesterov: nesterov,
            sparingBiasAndNorm: excludeBiasAndNorm)
    }
}

/// `adamw`: see `AdamW`.
public struct AdamWConfiguration: OptimizerSettings {
    /// `adamw`.
    public static let name = "adamw"

    /// The learning rate, which the schedule multiplies.
    public var lr = 1e-3
    /// beta1 and beta2, the decay rates of the running means of the gradient and of its square.
    public var betas = [0.9, 0.999]
    /// A term added to the denominator for numerical stability.
    public var eps = 1e-8
    /// The decoupled weight decay: a step subtracts `lr * weight_decay * w`.
    public var weightDecay: ScheduledValue = 1e-2
    /// Whether biases and normalisations have no decay.
    public var excludeBiasAndNorm = true

    /// PyTorch's defaults, without decay of biases and normalisations.
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
            parameters, lr: lr, betas: (betas[0], betas[1]), eps: eps, weightDecay: weightDecay.from,
            sparingBiasAndNorm: excludeBiasAndNorm)
    }
}

/// `lars`: see `LARS`.
public struct LARSConfiguration: OptimizerSettings {
    /// `lars`.
    public static let name = "lars"

    /// The learning rate, which the schedule multiplies.
    public var lr = 0.3
    /// The momentum factor.
    public var momentum = 0.9
    /// The L2 penalty on the weights.
    public var weightDecay: ScheduledValue = 1e-6
    /// The trust coefficient: the length of a layer's step over that of its weights, at learning rate 1.
    public var trust = 1e-3
    /// Whether biases and normalisations have no penalty and no adaptation.
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
            parameters, lr: lr, momentum: momentum, weightDecay: weightDecay.from, trust: trust,
            sparingBiasAndNorm: excludeBiasAndNorm)
    }
}

private func requireRate(_ lr: Double) throws(InvalidSetting) {
    guard lr > 0, lr.isFinite else { throw InvalidSetting("lr", "must be positive, is \(lr)") }
}

private func requireDecay(_ decay: ScheduledValue) throws(InvalidSetting) {
    try require("weight_decay", decay, "at least 0") { $0 >= 0 && $0.isFinite }
}
