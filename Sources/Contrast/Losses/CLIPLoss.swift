import Foundation
import Torch
import Views

/// The loss of CLIP: Radford et al. 2021, arXiv 2103.00020, figure 3.
///
/// With `S(i, j) = <z1_i, z2_j> e^l`, the mean (not the sum) of the cross entropies of the rows and of the columns of S
/// with the diagonal as targets. `l = log(1 / tau)` is learned. It is clamped to `1 / tau <= 100` before use, so that
/// its gradient can still lower it. If all rows are equal the loss is `log N`.
public struct CLIPLoss: LossSettings {
    /// `clip`.
    public static let name = "clip"

    /// The initial tau; at least 0.01.
    public var temperature = 0.07
    /// Whether tau is learned.
    public var learnTemperature = true
    /// Whether rows are scaled to unit length, `z / max(|z|, 1e-12)`, inside the graph.
    public var normalize = true

    /// tau 0.07 at first, on normalized rows.
    public init() {}

    /// Checks that the temperature is at least 0.01, the clamp.
    public func validate() throws(InvalidSetting) {
        try requireTemperature(ScheduledValue(temperature))
        guard temperature >= 0.01 else {
            throw InvalidSetting("temperature", "must be at least 0.01, is \(temperature)")
        }
    }

    /// Builds the parameter of the temperature.
    public func build(dimension: Int, generator: Generator) throws(TorchError) -> any Loss {
        try LearnedTemperatureLoss(self)
    }
}

/// The loss of `CLIPLoss`.
final class LearnedTemperatureLoss: Loss, Module {
    /// log(1 / tau), under the key of CLIP's own weights.
    let logitScale: Parameter
    private let normalize: Bool

    init(_ settings: CLIPLoss) throws(TorchError) {
        logitScale = try Parameter(.full([], -log(settings.temperature)))
        if !settings.learnTemperature { try logitScale.freeze() }
        normalize = settings.normalize
    }

    /// The learned tau.
    var currentTemperature: Double? { (try? logitScale.value.item()).map { max(exp(-$0), 0.01) } }

    func candidates(pairs: Int) -> Int? { pairs }

    func callAsFunction(_ first: Tensor, _ second: Tensor, labels: LabelSets?) throws(TorchError) -> Tensor {
        var (x, y) = (try first.widened(), try second.widened())
        if normalize { (x, y) = (try x.normalizedRows(), try y.normalizedRows()) }
        let scale = logitScale.value
        try withoutGradients { () throws(TorchError) in
            try scale.copy(from: -(-scale).clamp(min: -log(100)))
        }
        if ProductEntropy.serves(x, y) {
            return try ProductEntropy(scale: 1).ofPairs(x, y, symmetric: true, factor: scale.exp())
        }
        return try crossEntropy(x.matmul(y.transpose(0, 1)) * scale.to(x.dtype).exp(), symmetric: true)
    }
}
