import Torch
import Views

/// How gradients are limited before a step.
public struct ClippingSettings: Component {
    /// `clip`.
    public static let name = "clip"

    /// The largest L2 norm of all gradients together: they are multiplied by `min(1, norm / (|g| + 1e-6))`, as by
    /// PyTorch's `clip_grad_norm_`; no limit if it is not set.
    public var norm: Double?
    /// The largest absolute value of an element, before `norm`, as by PyTorch's `clip_grad_value_`; no limit if it is
    /// not set.
    public var value: Double?

    /// No limits.
    public init() {}

    /// Checks that limits are positive, and that there is one.
    public func validate() throws(InvalidSetting) {
        for (key, limit) in [("norm", norm), ("value", value)] {
            if let limit, !(limit > 0 && limit.isFinite) {
                throw InvalidSetting(key, "must be positive, is \(limit)")
            }
        }
        guard norm != nil || value != nil else { throw InvalidSetting("", "must have norm, value or both") }
    }

    /// Limits the gradients of parameters.
    /// - Parameter length: their norm as it is now.
    func apply(to parameters: [Parameter], length: Double) throws(TorchError) {
        try withoutGradients { () throws(TorchError) in
            var length = length
            if let value {
                for parameter in parameters {
                    guard let gradient = try parameter.value.grad() else { continue }
                    // min(x, v) is -max(-x, -v).
                    try gradient.copy(from: -((-(gradient.clamp(min: -value))).clamp(min: -value)))
                }
                if norm != nil { length = try Parameter.gradientNorm(parameters) }
            }
            guard let norm, norm < length + 1e-6 else { return }
            for parameter in parameters {
                guard let gradient = try parameter.value.grad() else { continue }
                try gradient.copy(from: gradient * (norm / (length + 1e-6)))
            }
        }
    }
}
